import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { DrawnChart } from './chart-section.ts';
import {
  type GrowingReport,
  growingReport,
  hasFinished,
  progressMarkup,
  type RunAbout,
  type RunStatus,
} from './growing-report.ts';
import { escapeText } from './markup.ts';
import { cellFiles, readStoredCell, type StoredCell } from './stored-cells.ts';

/** What an open page gets when it asks for news. */
export interface News {
  /** Names what the page shows now; it asks with it the next time. */
  readonly version: string;
  readonly progress: string;
  /** Only where the page shows another version. */
  readonly body?: string;
  readonly charts?: readonly DrawnChart[];
  /** The run has ended: nothing more will come. */
  readonly ended: boolean;
}

/** What a page of a run in progress shows. Reads each finished cell once: the run needs the machine more than its report does. */
export class LiveState {
  ended = false;
  readonly #directory: string;
  readonly #about: RunAbout & { readonly status?: () => RunStatus };
  readonly #cells = new Map<string, StoredCell>();

  constructor(directory: string, about: RunAbout & { readonly status?: () => RunStatus }) {
    this.#directory = directory;
    this.#about = about;
  }

  since(version: string): News {
    const names = this.#names();
    const finished = hasFinished(this.#directory);
    const now = `${names.length}${finished ? '-finished' : ''}`;
    const progress = finished ? '' : progressMarkup(names.length, this.#about.status?.() ?? {});
    const news = { version: now, progress, ended: this.ended };
    return now === version ? news : { ...news, ...this.report() };
  }

  /** What cannot be read is said on the page: it is no reason to end the run. */
  report(): GrowingReport {
    try {
      const cells = this.#names().map((name) => {
        const cell = this.#cells.get(name) ?? readStoredCell(join(this.#directory, 'cells', name));
        this.#cells.set(name, cell);
        return cell;
      });
      return growingReport(this.#directory, this.#about, cells);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { body: `<p role="alert">${escapeText(error.message)}</p>`, charts: [] };
    }
  }

  #names(): string[] {
    return cellFiles(join(this.#directory, 'cells'));
  }
}
