import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Cell } from '../cells.ts';
import { explainFileError } from '../file-errors.ts';
import { type HyperParameter, scalarStep } from './event.ts';
import { EventWriter, type EventWriterOptions, isEventFile } from './event-writer.ts';
import { readRecords } from './record.ts';

/** A row of metrics.csv: `cell` names the cell, `step` where on its curve; `wallTime`, if there, is in seconds since 1970. */
export type EventRow = Readonly<Record<string, string | number>>;

export interface WriteEventsOptions extends EventWriterOptions {
  /** Their settings go to the HParams tab, and columns of the same names are no curves. */
  readonly cells?: readonly Cell[];
  /** Shown as JSON in the Text tab. */
  readonly config?: unknown;
}

/** Columns that say where a row belongs. */
const places: ReadonlySet<string> = new Set(['cell', 'step', 'wallTime']);

/**
 * Turns the curves of a run into TensorBoard event files: `directory`/<cell id>/ for each cell, with one curve for every column
 * that holds numbers; the configuration in `directory` itself. What the files hold already is not written again, so it can be
 * called for each cell as it is done, for a cell that grows, after a crash, or once for the whole run. The rows of one step must
 * be handed over together. Rows without a cell or a step are no curves and are left out.
 *
 * @returns how many steps were written
 * @throws UserError if the files cannot be written; RangeError for a cell whose id is no file name
 */
export function writeEvents(
  directory: string,
  rows: readonly EventRow[],
  options: WriteEventsOptions = {},
): number {
  const { cells = [], config } = options;
  if (config !== undefined && writtenIn(directory).events === 0) {
    appending(directory, options, (writer) =>
      writer.text('config', `\`\`\`json\n${JSON.stringify(config, null, 2)}\n\`\`\``),
    );
  }
  const cellById = new Map(cells.map((cell) => [cell.id, cell]));
  let written = 0;
  for (const [id, own] of curvesByCell(rows)) {
    if (id === '' || basename(id) !== id || id === '.' || id === '..')
      throw new RangeError(`'${id}' is no name for a folder.`);
    const folder = join(directory, id);
    const hparams = settings(cellById.get(id));
    const before = writtenIn(folder);
    const missing = stepsAfter(before.lastStep, own, hparams);
    if (missing.length === 0) continue;
    appending(folder, options, (writer) => {
      if (before.events === 0 && Object.keys(hparams).length > 0) writer.hparams(hparams);
      for (const { step, values, wallTime } of missing) writer.scalars(values, step, wallTime);
    });
    written += missing.length;
  }
  return written;
}

function appending(folder: string, options: EventWriterOptions, write: (writer: EventWriter) => void): void {
  const writer = new EventWriter(folder, options);
  try {
    write(writer);
  } finally {
    writer.close();
  }
}

function curvesByCell(rows: readonly EventRow[]): Map<string, EventRow[]> {
  const found = new Map<string, EventRow[]>();
  for (const row of rows) {
    if (typeof row.cell !== 'string' || typeof row.step !== 'number') continue;
    const own = found.get(row.cell);
    if (own === undefined) found.set(row.cell, [row]);
    else own.push(row);
  }
  return found;
}

interface Step {
  readonly step: number;
  readonly values: Record<string, number>;
  readonly wallTime: number | undefined;
}

function stepsAfter(
  last: number,
  rows: readonly EventRow[],
  hparams: Readonly<Record<string, HyperParameter>>,
): Step[] {
  const steps = new Map<number, Step>();
  for (const row of rows) {
    const step = row.step as number;
    if (step <= last) continue;
    const values = Object.entries(row).filter(
      (entry): entry is [string, number] =>
        typeof entry[1] === 'number' && !places.has(entry[0]) && !Object.hasOwn(hparams, entry[0]),
    );
    if (values.length === 0) continue;
    const wallTime = typeof row.wallTime === 'number' ? row.wallTime : undefined;
    const same = steps.get(step);
    steps.set(step, { step, wallTime, values: { ...same?.values, ...Object.fromEntries(values) } });
  }
  return [...steps.values()].sort((a, b) => a.step - b.step);
}

function settings(cell: Cell | undefined): Record<string, HyperParameter> {
  const entries = Object.entries(cell ?? {}).filter(
    ([key, value]) => key !== 'id' && ['string', 'number', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(entries) as Record<string, HyperParameter>;
}

/** What the event files of a folder hold, as far as they are whole; the event that begins each file is not counted. */
function writtenIn(folder: string): { readonly events: number; readonly lastStep: number } {
  let events = 0;
  let lastStep = Number.NEGATIVE_INFINITY;
  try {
    for (const file of existsSync(folder) ? readdirSync(folder).filter(isEventFile) : []) {
      const [, ...records] = readRecords(readFileSync(join(folder, file)));
      events += records.length;
      for (const record of records) lastStep = Math.max(lastStep, scalarStep(record) ?? lastStep);
    }
    return { events, lastStep };
  } catch (error) {
    throw explainFileError(error, folder);
  }
}
