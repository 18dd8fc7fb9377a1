import { setMaxListeners } from 'node:events';
import { Interrupted, type Outcome, type RunContext } from '../../src/experiment/experiment.ts';
import { type Comparison, compare } from '../../src/experiment/timer.ts';
import { findPeers, type Peers } from '../peers.ts';
import { compareWeights, type WeightDifference } from './compare-weights.ts';
import type { ContestantName, OptimizerName, OptimizerStepConfig } from './config.ts';
import { type Started, startContestant } from './contestants.ts';
import { report } from './report.ts';
import { countElements } from './shapes.ts';
import { chooseSamples, createTask } from './task.ts';

/** What was measured beside one optimizer's step. */
export interface GroupResult {
  readonly optimizer: OptimizerName;
  readonly contestants: readonly Omit<Started, 'process' | 'run'>[];
  readonly comparison: Comparison;
  readonly differences: readonly WeightDifference[];
  /** GB/s by kind of pass; empty without peers. */
  readonly bandwidth: Readonly<Record<string, number>>;
}

const BANDWIDTH_REPEATS = 10;

export async function run(context: RunContext<OptimizerStepConfig>): Promise<Outcome> {
  const { config, progress } = context;
  const peers = context.peers === undefined ? undefined : await findPeers(context.peers);
  setMaxListeners(0, context.signal); // one for each contestant
  const absences = new Map<string, string>();
  progress.expect(config.came.length + config.adamw.length + 2 * config.rounds);
  const results: GroupResult[] = [];
  // One optimizer after the other, so that only one group's weights are in memory.
  for (const optimizer of ['came', 'adamw'] as const) {
    results.push(await measureGroup(optimizer, context, peers, absences));
  }
  return report(results, countElements(createTask(config).shapes), config, absences);
}

async function measureGroup(
  optimizer: OptimizerName,
  { config, backend, progress, signal }: RunContext<OptimizerStepConfig>,
  peers: Peers | undefined,
  absences: Map<string, string>,
): Promise<GroupResult> {
  const task = createTask(config);
  const started: Started[] = [];
  try {
    for (const name of config[optimizer] as readonly ContestantName[]) {
      if (signal.aborted) throw new Interrupted();
      progress.advance({ label: `${optimizer}: preparing ${name}` });
      const result = await startContestant(name, optimizer, task, backend, peers, signal);
      if ('absent' in result) absences.set(`${optimizer} ${name}`, result.absent);
      else started.push(result);
    }
    // Before the timed steps: hundreds of equal gradients leave nothing but rounding in CAME's residual û − M.
    const differences = await compareWeights(started, chooseSamples(task.shapes));
    const comparison = await compare(started, {
      rounds: config.rounds,
      extraRounds: config.extraRounds,
      othersLimit: config.othersLimit,
      steps: () => config.steps,
      pause: 200,
      signal,
      onRound: (round, disturbed) =>
        progress.advance(
          { label: `${optimizer}: round ${round + 1}${disturbed ? ', disturbed' : ''}` },
          disturbed ? 0 : 1,
        ),
    });
    const bandwidth = await measureBandwidth(started, config.bandwidthElements);
    return { optimizer, contestants: started, comparison, differences, bandwidth };
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
