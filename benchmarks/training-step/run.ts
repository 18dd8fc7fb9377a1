import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interrupted, type Outcome, type RunContext } from '../../src/experiment/experiment.ts';
import { type Comparison, compare } from '../../src/experiment/timer.ts';
import { findPeers, type Peers } from '../peers.ts';
import type { ContestantName, SizeConfig, TrainingStepConfig } from './config.ts';
import { type Started, startContestant } from './contestants.ts';
import { compareLosses, type LossDifference } from './losses.ts';
import { report } from './report.ts';
import { createTask, matmulFlops, type Task } from './task.ts';
import { writeWeights } from './weights.ts';

/** What was measured of one size. */
export interface SizeResult {
  readonly name: string;
  readonly flops: number;
  readonly contestants: readonly Omit<Started, 'process' | 'run'>[];
  readonly comparison: Comparison;
  readonly differences: readonly LossDifference[];
  /** GFLOP/s of the n×n product by contestant. */
  readonly peaks: Readonly<Record<string, number>>;
}

const MATMUL_REPEATS = 10;

export async function run(context: RunContext<TrainingStepConfig>): Promise<Outcome> {
  const { config, progress } = context;
  const peers = context.peers === undefined ? undefined : await findPeers(context.peers);
  setMaxListeners(0, context.signal); // one for each contestant
  const absences = new Map<ContestantName, string>();
  const results: SizeResult[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'tfjs-methods-'));
  progress.expect(
    Object.values(config.sizes).reduce((sum, { contestants }) => sum + contestants.length + config.rounds, 0),
  );
  try {
    for (const [name, size] of Object.entries(config.sizes)) {
      const task = createTask(size, config, join(folder, `${name}.safetensors`));
      await writeWeights(task.size, task.weights);
      results.push(await measureSize(name, size, task, context, peers, absences));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return report(results, config, absences);
}

async function measureSize(
  name: string,
  size: SizeConfig,
  task: Task,
  { config, backend, progress, signal }: RunContext<TrainingStepConfig>,
  peers: Peers | undefined,
  absences: Map<ContestantName, string>,
): Promise<SizeResult> {
  const started: Started[] = [];
  try {
    for (const contestant of size.contestants as readonly ContestantName[]) {
      if (signal.aborted) throw new Interrupted();
      progress.advance({ label: `${name}: preparing ${contestant}` });
      const result = await startContestant(contestant, task, backend, peers, signal);
      if ('absent' in result) absences.set(contestant, result.absent);
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
    const comparison = await compare(started, {
      rounds: config.rounds,
      extraRounds: config.extraRounds,
      othersLimit: config.othersLimit,
      steps,
      pause: 200,
      signal,
      onRound: (round, disturbed) =>
        progress.advance(
          { label: `${name}: round ${round + 1}${disturbed ? ', disturbed' : ''}` },
          disturbed ? 0 : 1,
        ),
    });
    const peaks: Record<string, number> = {};
    for (const { name: contestant, process } of started) {
      if (!['captured', 'pytorch', 'jax'].includes(contestant)) continue;
      const answer = await process.ask('matmul', { size: config.matmulSize, repeats: MATMUL_REPEATS });
      peaks[contestant] = answer.gflops as number;
    }
    return { name, flops: matmulFlops(task.size), contestants: started, comparison, differences, peaks };
  } catch (error) {
    throw signal.aborted ? new Interrupted() : error;
  } finally {
    await Promise.all(started.map(({ process }) => process.close()));
  }
}
