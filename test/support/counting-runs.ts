import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type CliOptions, type CliResult, runCli } from '../benchmarks/run-cli.ts';

const experiments = fileURLToPath(new URL('./counting.ts', import.meta.url));

/** Runs the command line on the experiment `counting` in `out`. */
export function count(
  out: string,
  more: readonly string[] = [],
  options: CliOptions = {},
): Promise<CliResult> {
  const env = { ...options.env, TFJS_METHODS_EXPERIMENTS: experiments };
  return runCli(['run', 'counting', '--preset', 'smoke', '--out', out, ...more], { ...options, env });
}

/** Goes on with the run in `out`, whatever it was begun with. */
export function goOn(
  out: string,
  options: CliOptions = {},
  more: readonly string[] = [],
): Promise<CliResult> {
  return count(out, ['--resume', ...more], options);
}

interface StoredCell {
  readonly result: unknown;
  readonly seconds: number;
  readonly process: { readonly pid: number };
}

export function storedCells(directory: string): (StoredCell & { readonly name: string })[] {
  const folder = join(directory, 'cells');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return names.map((name) => ({ name, ...JSON.parse(readFileSync(join(folder, name), 'utf8')) }));
}

/** Everything that a run computed, byte for byte; where and how fast is left out. */
export function computed(directory: string): Record<string, string> {
  const cells = storedCells(directory).map(({ name, seconds, process, ...rest }) => [
    name,
    JSON.stringify(rest),
  ]);
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  return {
    ...Object.fromEntries(cells),
    'metrics.csv': read('metrics.csv'),
    'outcome.json': read('outcome.json'),
    'config.json': read('config.json'),
    files: readdirSync(directory).join(),
  };
}

/** The processes that computed the finished cells. */
export function pids(directory: string): number[] {
  return [...new Set(storedCells(directory).map(({ process }) => process.pid))];
}

/** Those of them that still live after a while. */
export async function survivors(of: readonly number[], milliseconds = 5000): Promise<number[]> {
  const living = () => of.filter(isAlive);
  for (let waited = 0; living().length > 0 && waited < milliseconds; waited += 50) await sleep(50);
  return living();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until so many cells are finished. */
export async function finished(directory: string, cells: number): Promise<void> {
  for (let waited = 0; storedCells(directory).length < cells; waited += 10) {
    if (waited > 60_000) throw new Error(`no ${cells} cells in ${directory}`);
    await sleep(10);
  }
}
