import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cell } from '../../src/experiment/cells.ts';
import { type CellContext, type CellRunner, Interrupted } from '../../src/experiment/experiment.ts';
import { type StoredComparison, storeComparison } from '../../src/experiment/stored-comparison.ts';
import { findPeers, type Peers } from '../peers.ts';
import { compareShown } from '../step-timing/compare-shown.ts';
import type { ContestantName, SizeConfig, TrainingStepConfig } from './config.ts';
import { type Started, startContestant } from './contestants.ts';
import { compareLosses, type LossDifference } from './losses.ts';
import { createTask, matmulFlops, type Task } from './task.ts';
import { writeWeights } from './weights.ts';

/** One size of the model; its name is the id. */
export type SizeCell = Cell;

/** What was measured of one size, as it is stored. */
export interface SizeResult {
  readonly name: string;
  readonly flops: number;
  readonly contestants: readonly Pick<Started, 'name' | 'form' | 'version' | 'threads'>[];
  readonly comparison: StoredComparison;
  readonly differences: readonly LossDifference[];
  /** GFLOP/s of the n×n product by contestant. */
  readonly peaks: Readonly<Record<string, number>>;
  /** Who was not here, and why. */
  readonly absences: Readonly<Partial<Record<ContestantName, string>>>;
}

const MATMUL_REPEATS = 10;

export async function startCells(
  context: CellContext<TrainingStepConfig>,
): Promise<CellRunner<SizeCell, SizeResult>> {
  const { config } = context;
  const peers = context.peers === undefined ? undefined : await findPeers(context.peers);
  setMaxListeners(0, context.signal); // one for each contestant
  return {
    async run({ id }) {
      const size = config.sizes[id];
      if (size === undefined) throw new Error(`there is no size ${id}`);
      const folder = await mkdtemp(join(tmpdir(), 'tfjs-methods-'));
      try {
        const task = createTask(size, config, join(folder, `${id}.safetensors`));
        await writeWeights(task.size, task.weights);
        return await measureSize(id, size, task, context, peers);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    dispose() {},
  };
}

async function measureSize(
  name: string,
  size: SizeConfig,
  task: Task,
  { config, backend, progress, signal }: CellContext<TrainingStepConfig>,
  peers: Peers | undefined,
): Promise<SizeResult> {
  const started: Started[] = [];
  const absences: Partial<Record<ContestantName, string>> = {};
  progress.expect(size.contestants.length + config.rounds);
  try {
    for (const contestant of size.contestants as readonly ContestantName[]) {
      if (signal.aborted) throw new Interrupted();
      progress.advance({ label: `${name}: preparing ${contestant}` });
      const result = await startContestant(contestant, task, backend, peers, signal);
      if ('absent' in result) absences[contestant] = result.absent;
      else started.push(result);
    }
    const differences = compareLosses(started);
    const steps = (contestant: string) => {
      const { estimate } = started.find((one) => one.name === contestant) as Started;
      return Math.min(
        config.maximumSteps,
        Math.max(1, Math.round((config.sectionSeconds * 1000) / estimate)),
      );
    };
    const comparison = await compareShown(started, config, {
      label: name,
      progress,
      signal,
      pause: 200,
      steps,
    });
    const peaks: Record<string, number> = {};
    for (const { name: contestant, process } of started) {
      if (!['captured', 'pytorch', 'jax'].includes(contestant)) continue;
      const answer = await process.ask('matmul', { size: config.matmulSize, repeats: MATMUL_REPEATS });
      peaks[contestant] = answer.gflops as number;
    }
    return {
      name,
      flops: matmulFlops(task.size),
      contestants: started.map(({ name, form, version, threads }) => ({ name, form, version, threads })),
      comparison: storeComparison(comparison),
      differences,
      peaks,
      absences,
    };
  } catch (error) {
    throw signal.aborted ? new Interrupted() : error;
  } finally {
    await Promise.all(started.map(({ process }) => process.close()));
  }
}
