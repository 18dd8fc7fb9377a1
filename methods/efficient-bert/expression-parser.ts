import { UserError } from '../../src/errors.ts';
import {
  ACTIVATIONS,
  type Activation,
  COMBINATIONS,
  type Combination,
  EXPANSION_RATIOS,
  type Expression,
  type FfnSize,
  type WeightsName,
} from './expression.ts';

/** The authors' Python refuses to compile a deeper tree; here it keeps the recursion of all that walks a tree bounded. */
const MAX_NESTING = 90;

/** How much of a long text an error shows around its column. */
const SHOWN_BEFORE = 60;
const SHOWN_AFTER = 40;

/**
 * Reads an expression as the authors write it: `linear1_2(relu(mul(linear1_2(x,wb1),x)),wb2)`, blanks anywhere between words.
 *
 * @throws UserError that points at the column where the text stops being one
 */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.expression(0);
  parser.end();
  return expression;
}

/**
 * Reads the expressions of all layers, separated by blanks (the authors' command line), commas, or both (their search).
 *
 * @throws UserError as `parseExpression`
 */
export function parseExpressions(text: string): Expression[] {
  const parser = new Parser(text);
  const expressions = [parser.expression(0)];
  while (parser.separator()) expressions.push(parser.expression(0));
  return expressions;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  expression(nesting: number): Expression {
    const start = this.#skipBlanks();
    if (nesting > MAX_NESTING) this.#fail(start, `more than ${MAX_NESTING} levels of nesting`);
    const name = this.#word();
    if (name === 'x') return { kind: 'input' };
    const size = linearSize(name);
    if (size !== null) {
      const input = this.#first(nesting);
      this.#expect(',');
      const weights = this.#weights();
      this.#expect(')');
      return { kind: 'linear', input, weights, size };
    }
    if (isOneOf<Activation>(ACTIVATIONS, name)) {
      const input = this.#first(nesting);
      this.#expect(')');
      return { kind: 'activation', name, input };
    }
    if (isOneOf<Combination>(COMBINATIONS, name)) {
      const left = this.#first(nesting);
      this.#expect(',');
      const right = this.expression(nesting + 1);
      this.#expect(')');
      return { kind: 'combination', name, left, right };
    }
    this.#at = start;
    return this.#fail(start, `expected an expression, got ${this.#next()}${hint(name)}`);
  }

  end(): void {
    if (!this.atEnd()) this.#fail(this.#at, `expected the end, got ${this.#next()}`);
  }

  atEnd(): boolean {
    return this.#skipBlanks() === this.#text.length;
  }

  /** Passes over what stands between two layers; false at the end. */
  separator(): boolean {
    const start = this.#at;
    if (this.atEnd()) return false;
    const blanks = this.#at > start;
    if (!this.#skip(',') && !blanks) {
      this.#fail(start, `expected a blank, a comma or the end, got ${this.#next()}`);
    }
    return true;
  }

  /** Passes over `symbol` if it comes next. */
  #skip(symbol: string): boolean {
    const found = this.#text[this.#skipBlanks()] === symbol;
    if (found) this.#at++;
    return found;
  }

  #first(nesting: number): Expression {
    this.#expect('(');
    return this.expression(nesting + 1);
  }

  #weights(): WeightsName {
    const start = this.#skipBlanks();
    const name = this.#word();
    if (name === 'wb1' || name === 'wb2') return name;
    this.#at = start;
    return this.#fail(start, `the second argument of a linear is wb1 or wb2, got ${this.#next()}`);
  }

  #expect(symbol: string): void {
    if (!this.#skip(symbol)) this.#fail(this.#at, `expected '${symbol}', got ${this.#next()}`);
  }

  #word(): string {
    const word = this.#match(/\w*/y);
    this.#at += word.length;
    return word;
  }

  /** The word or the character that comes next, for an error. */
  #next(): string {
    const found = this.#match(/\w{1,40}|[\s\S]|$/uy);
    return found === '' ? 'the end' : `'${found}'`;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at; // sticky: the match starts just there
    return pattern.exec(this.#text)?.[0] ?? '';
  }

  #skipBlanks(): number {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
    return this.#at;
  }

  #fail(at: number, problem: string): never {
    const from = Math.max(0, at - SHOWN_BEFORE);
    const shown = this.#text.slice(from, at + SHOWN_AFTER).replace(/\s/g, ' ');
    throw new UserError(`Expression, column ${at + 1}: ${problem}.\n  ${shown}\n  ${' '.repeat(at - from)}^`);
  }
}

/** The size that a linear's name says, undefined for the anonymous `linear`, null for any other name. */
function linearSize(name: string): FfnSize | undefined | null {
  if (name === 'linear') return undefined;
  const [, stacked, divisor] = /^linear([1-4])_([1-4])$/.exec(name) ?? [];
  if (stacked === undefined || divisor === undefined) return null;
  return { stackedFfn: Number(stacked), expansionRatio: EXPANSION_RATIOS[Number(divisor) - 1] as number };
}

function hint(name: string): string {
  if (name === 'wb1' || name === 'wb2') return `; ${name} is the second argument of a linear, not a tensor`;
  if (name.startsWith('linear')) return '; a linear is linear1_1 to linear4_4, or linear';
  return name === ''
    ? ''
    : `; known are x, linear1_1 to linear4_4, linear, ${[...COMBINATIONS, ...ACTIVATIONS].join(', ')}`;
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return names.includes(name as Name);
}
