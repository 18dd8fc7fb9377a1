import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive } from '../../src/download/lock.ts';
import { RunDirectory } from '../../src/experiment/run-directory.ts';
import { temporaryEnding } from '../../src/experiment/write-atomic.ts';
import { entriesOf, evenOnFullDisk, removeIfEmpty, sizeOnDisk } from './folder.ts';
import type { Kept } from './kept.ts';

/**
 * The run directories in `root`, also those one folder deeper, where `run` of several experiments puts them. A folder that is
 * no run is listed as foreign.
 */
export async function keptRuns(root: string): Promise<Kept[]> {
  const found: Kept[] = [];
  for (const entry of await entriesOf(root)) {
    const path = join(root, entry.name);
    if (entry.isSymbolicLink()) found.push(foreign(path, 'is a link; links are not followed'));
    if (!entry.isDirectory()) continue;
    if (await isRun(path)) {
      found.push(await describe(path, root));
      continue;
    }
    const deeper = (await entriesOf(path)).filter((inner) => inner.isDirectory());
    const runs: Kept[] = [];
    for (const inner of deeper) {
      const below = join(path, inner.name);
      if ((await hasConfig(below)) && (await isRun(below))) runs.push(await describe(below, root));
    }
    found.push(...runs);
    if (runs.length === 0) found.push(foreign(path, 'is not a run directory', await sizeOnDisk(path)));
  }
  return found;
}

/** What `run` itself would take for a run directory: one with its config.json, or one that a killed run barely began. */
async function isRun(path: string): Promise<boolean> {
  if (await hasConfig(path)) return true;
  const isLeftover = (name: string) =>
    name === 'lock' || name.startsWith('lock.') || name.endsWith(temporaryEnding);
  return (await entriesOf(path)).every(({ name }) => isLeftover(name));
}

async function hasConfig(path: string): Promise<boolean> {
  const config = await readJson(join(path, 'config.json'));
  return ['experiment', 'preset', 'config'].every((key) => config?.[key] !== undefined);
}

async function describe(path: string, root: string): Promise<Kept> {
  const entries = await entriesOf(path);
  const finished = entries.some(({ name }) => name === 'summary.json');
  const link = entries.find((entry) => entry.isSymbolicLink());
  return {
    kind: 'runs',
    path,
    bytes: await sizeOnDisk(path),
    what: finished ? 'finished' : 'interrupted',
    blocked:
      (await holder(path)) ??
      (link === undefined ? undefined : `holds a link (${link.name}); links are not followed`),
    remove: async () => {
      // The run directory's own lock and its own list of what is its own.
      const locked = async () => {
        const run = RunDirectory.open(path, 'overwrite');
        try {
          run.clear();
        } finally {
          run.release();
        }
      };
      await evenOnFullDisk(locked, async () => RunDirectory.clearOnFullDisk(path));
      await removeIfEmpty(path);
      const left = (await entriesOf(path)).map(({ name }) => name);
      if (left.length === 0 && dirname(path) !== root) await removeIfEmpty(dirname(path));
      return left;
    },
  };
}

/** Who has the run directory, read without touching it. */
async function holder(path: string): Promise<string | undefined> {
  const owner = await readJson(join(path, 'lock'));
  if (typeof owner?.pid !== 'number') return undefined;
  if (owner.host !== hostname()) return `is in use by process ${owner.pid} on ${owner.host}`;
  return isAlive(owner.pid) ? `is in use by process ${owner.pid}` : undefined;
}

async function readJson(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function foreign(path: string, why: string, bytes = 0): Kept {
  return { kind: 'runs', path, bytes, what: 'not ours', foreign: true, blocked: why, remove: async () => [] };
}
