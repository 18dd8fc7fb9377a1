import { UserError } from '../../errors.ts';

/** Reads the fields of a config.json one by one, and remembers which were asked for. */
export class SettingsReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #read = new Set<string>();

  constructor(values: Readonly<Record<string, unknown>>, where: string) {
    this.#values = values;
    this.#where = where;
  }

  /** A positive integer, or one from 0. @throws UserError (exit code 3) naming the field */
  integer(field: string, options: { readonly default?: number; readonly least?: number } = {}): number {
    const { least = 1 } = options;
    const value = this.#get(field) ?? options.default;
    if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
    throw this.refusal(field, value, `an integer from ${least} on is needed`);
  }

  /** A finite number from 0 on. */
  number(field: string, fallback: number): number {
    const value = this.#get(field) ?? fallback;
    if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
    throw this.refusal(field, value, 'a number from 0 on is needed');
  }

  /** What one of the known texts stands for. */
  choice<T>(field: string, fallback: string, known: Readonly<Record<string, T>>): T {
    const value = this.#get(field) ?? fallback;
    if (typeof value === 'string' && Object.hasOwn(known, value)) return known[value] as T;
    throw this.refusal(field, value, `known here are ${Object.keys(known).join(', ')}`);
  }

  /** Null stands for the field's absence. */
  optional<T>(field: string, read: () => T): T | undefined {
    return this.#get(field) === undefined ? undefined : read();
  }

  texts(field: string): string[] {
    const value = this.#get(field);
    if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return value;
    throw this.refusal(field, value, 'a list of texts is needed');
  }

  /** For what would make another model than ours: only this value, or the field's absence. */
  require(field: string, only: unknown): void {
    const value = this.#get(field);
    if (value === undefined || JSON.stringify(value) === JSON.stringify(only)) return;
    throw this.refusal(field, value, `only ${JSON.stringify(only)} is known here`);
  }

  /** Fields that nothing has asked for. */
  unread(): string[] {
    return Object.keys(this.#values).filter((field) => !this.#read.has(field));
  }

  /** What `make` makes of the fields; its complaints about them, with the file's name. */
  checked<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      throw error instanceof UserError ? new UserError(`${this.#where}: ${error.message}`, 3) : error;
    }
  }

  refusal(field: string, value: unknown, problem: string): UserError {
    const got = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
    return new UserError(`${this.#where}: ${field} ${got}; ${problem}.`, 3);
  }

  #get(field: string): unknown {
    this.#read.add(field);
    return Object.hasOwn(this.#values, field) ? (this.#values[field] ?? undefined) : undefined;
  }
}
