import { setMaxListeners } from 'node:events';
import type { Cell } from '../../src/experiment/cells.ts';
import { type CellContext, type CellRunner, Interrupted } from '../../src/experiment/experiment.ts';
import { type StoredComparison, storeComparison } from '../../src/experiment/stored-comparison.ts';
import { findPeers, type Peers } from '../peers.ts';
import { compareShown } from '../step-timing/compare-shown.ts';
import { compareWeights, type WeightDifference } from '../step-timing/compare-weights.ts';
import { chooseSamples } from '../step-timing/samples.ts';
import type { ContestantName, OptimizerName, OptimizerStepConfig } from './config.ts';
import { type Started, startContestant } from './contestants.ts';
import { createTask } from './task.ts';

/** The step of one optimizer, and who is beside it: only one group's weights are in memory. */
export interface GroupCell extends Cell {
  readonly id: OptimizerName;
}

/** What was measured beside one optimizer's step, as it is stored. */
export interface GroupResult {
  readonly optimizer: OptimizerName;
  readonly contestants: readonly Pick<Started, 'name' | 'stateBytes' | 'version' | 'threads' | 'rule'>[];
  readonly comparison: StoredComparison;
  readonly differences: readonly WeightDifference[];
  /** GB/s by kind of pass; empty without peers. */
  readonly bandwidth: Readonly<Record<string, number>>;
  /** Who was not here, and why. */
  readonly absences: Readonly<Partial<Record<ContestantName, string>>>;
}

const BANDWIDTH_REPEATS = 10;

export async function startCells(
  context: CellContext<OptimizerStepConfig>,
): Promise<CellRunner<GroupCell, GroupResult>> {
  const peers = context.peers === undefined ? undefined : await findPeers(context.peers);
  setMaxListeners(0, context.signal); // one for each contestant
  return { run: ({ id }) => measureGroup(id, context, peers), dispose() {} };
}

async function measureGroup(
  optimizer: OptimizerName,
  { config, backend, progress, signal }: CellContext<OptimizerStepConfig>,
  peers: Peers | undefined,
): Promise<GroupResult> {
  const task = createTask(config);
  const started: Started[] = [];
  const absences: Partial<Record<ContestantName, string>> = {};
  progress.expect(config[optimizer].length + config.rounds);
  try {
    for (const name of config[optimizer] as readonly ContestantName[]) {
      if (signal.aborted) throw new Interrupted();
      progress.advance({ label: `${optimizer}: preparing ${name}` });
      const result = await startContestant(name, optimizer, task, backend, peers, signal);
      if ('absent' in result) absences[name] = result.absent;
      else started.push(result);
    }
    // Before the timed steps: hundreds of equal gradients leave nothing but rounding in CAME's residual û − M.
    const differences = await compareWeights(started, chooseSamples(task.shapes));
    const comparison = await compareShown(started, config, {
      label: optimizer,
      progress,
      signal,
      pause: 200,
      steps: () => config.steps,
    });
    const bandwidth = await measureBandwidth(started, config.bandwidthElements);
    return {
      optimizer,
      contestants: started.map(({ name, stateBytes, version, threads, rule }) => ({
        name,
        stateBytes,
        version,
        threads,
        rule,
      })),
      comparison: storeComparison(comparison),
      differences,
      bandwidth,
      absences,
    };
  } catch (error) {
    throw signal.aborted ? new Interrupted() : error;
  } finally {
    await Promise.all(started.map(({ process }) => process.close()));
  }
}

async function measureBandwidth(
  started: readonly Started[],
  elements: number,
): Promise<Record<string, number>> {
  const peer = started.find(({ name }) => name === 'adamw-fused');
  if (peer === undefined) return {};
  return (await peer.process.ask('bandwidth', { elements, repeats: BANDWIDTH_REPEATS })) as Record<
    string,
    number
  >;
}
