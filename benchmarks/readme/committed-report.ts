import { committedReport } from '../../src/experiment/report/save-report.ts';
import { readStoredOutcome, readStoredRun, type StoredRun } from '../../src/experiment/report/stored-run.ts';
import type { StoredOutcome } from '../../src/experiment/report/stored-schemas.ts';

/** A committed report, as a section of a README quotes it. */
export class CommittedReport {
  readonly run: StoredRun;
  readonly #folder: string;

  constructor(experiment: string, reports: string) {
    this.#folder = committedReport(experiment, reports);
    this.run = readStoredRun(this.#folder);
  }

  get outcome(): StoredOutcome {
    return readStoredOutcome(this.#folder);
  }

  /** Throws where the report has no such metric: a README never shows a number that no run found. */
  metric(name: string): number {
    const value = this.run.summary.metrics[name];
    if (value !== undefined) return value;
    throw new RangeError(`${this.#folder}/summary.json has no metric ${name}`);
  }

  /** A setting by dotted key. */
  setting(key: string): number {
    const value = key
      .split('.')
      .reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], {
        ...this.run.settings.config,
      });
    if (typeof value === 'number') return value;
    throw new RangeError(`${this.#folder}/config.json has no number ${key}`);
  }
}
