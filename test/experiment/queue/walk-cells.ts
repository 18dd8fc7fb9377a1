import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../../src/backends/index.ts';
import { UserError } from '../../../src/errors.ts';
import type { Cell } from '../../../src/experiment/cells.ts';
import type { CellDone } from '../../../src/experiment/executor.ts';
import { Interrupted } from '../../../src/experiment/experiment.ts';
import type { CellSpec } from '../../../src/experiment/process-executor.ts';
import type { CreateExecutor, OneCellExecutor } from '../../../src/experiment/queue/cell-slots.ts';
import { writeAtomic } from '../../../src/experiment/write-atomic.ts';
import { RandomStream } from '../../../src/random/index.ts';

/** A random walk: cheap, with a state that only its own steps lead to. */
export interface WalkCell extends Cell {
  readonly seed: number;
}

export interface WalkResult {
  readonly walk: readonly number[];
}

export const walkSpec: CellSpec = {
  experiment: 'walk',
  preset: 'smoke',
  config: { steps: 10, pause: 30 },
  seeds: [0],
  backend: 'js',
  threads: 1,
  data: null,
  peers: null,
};

export const walkBackend: Backend = {
  name: 'js',
  version: '4.22.0',
  threads: 1,
  reason: 'named',
  software: false,
  nativeKernels: false,
};

export const walkFit = { code: '0.0.0-test', backend: 'js 4.22.0' };

export const walkCells = (count: number): WalkCell[] =>
  Array.from({ length: count }, (_, seed) => ({ id: `walk-${seed}`, seed }));

/** Logs every step, so that a test can tell which steps were done twice. */
export function walkExecutor(log?: string): CreateExecutor {
  return (spec, { progress, signal, folderOf }): OneCellExecutor => ({
    slots: 1,
    start: async () => walkBackend,
    async run(cell) {
      const folder = folderOf(cell.id);
      const result = await walk(cell as WalkCell, spec, folder, signal, (step, steps) => {
        if (log !== undefined) appendFileSync(log, `${cell.id} ${step} ${process.pid}\n`);
        progress.expect(cell.id, step === 1 ? steps : 0);
        progress.advance(cell.id, { label: cell.id, step, steps }, 1);
      });
      return { ...result, process: { host: 'here', pid: process.pid, backend: 'js', started: '' } };
    },
    close: async () => {},
  });
}

async function walk(
  { id, seed }: WalkCell,
  spec: CellSpec,
  folder: string,
  signal: AbortSignal,
  stepped: (step: number, steps: number) => void,
): Promise<Pick<CellDone<WalkResult>, 'result' | 'seconds'>> {
  const { steps, pause, fail } = spec.config as { steps: number; pause: number; fail?: string };
  if (fail === id) throw new UserError(`${id} cannot walk. Choose another seed.`);
  if (fail === `bug ${id}`) throw new Error('a mistake of ours');
  const file = join(folder, 'state.json');
  const stream = RandomStream.fromSeed(seed, 'walk');
  const path: number[] = [];
  if (existsSync(file)) {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as { path: number[]; stream: number[] };
    path.push(...saved.path);
    stream.restore(saved.stream);
  }
  const scale = spec.data === null ? 1 : readFileSync(spec.data.path).length;
  mkdirSync(folder, { recursive: true });
  while (path.length < steps) {
    if (signal.aborted) throw new Interrupted();
    if (pause > 0) await sleep(pause);
    path.push((path.at(-1) ?? 0) + scale * stream.normal());
    stepped(path.length, steps);
    if (pause > 0) await writeAtomic(file, JSON.stringify({ path, stream: stream.state() }));
  }
  return { result: { walk: path }, seconds: 0 };
}
