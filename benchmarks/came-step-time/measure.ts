import { type CellContext, Interrupted } from '../../src/experiment/experiment.ts';
import { storeComparison } from '../../src/experiment/stored-comparison.ts';
import { type Comparison, type Contestant, summarise } from '../../src/experiment/timer.ts';
import type { Peers } from '../peers.ts';
import { compareShown } from '../step-timing/compare-shown.ts';
import { compareWeights, type Weighed } from '../step-timing/compare-weights.ts';
import { chooseSamples, type ValueSample } from '../step-timing/samples.ts';
import { countElements } from '../step-timing/shapes.ts';
import { createStepTask } from '../step-timing/task.ts';
import type { StepTimeConfig } from './config.ts';
import { type Entrant, type EntrantBackend, whyAbsent } from './entrants.ts';
import type { StepQuestion } from './host.ts';
import type { Host, Hosts, NoHost, Prepared } from './hosts.ts';
import type { Timed, TimedResult } from './results.ts';
import type { Weights } from './sizes.ts';

/** What a cell is measured with. */
export interface Surroundings {
  readonly context: CellContext<StepTimeConfig>;
  readonly hosts: Hosts;
  readonly peers: Peers | undefined;
}

/** A contestant that has made its first steps. */
export interface Started extends Contestant, Weighed, Timed {
  readonly name: string;
  readonly rule: Timed['rule'];
}

/** Nobody was there to be timed. */
const NOBODY: Comparison = { timings: new Map(), samples: [], valid: true, others: Number.NaN };

/** The steps of all entrants over these weights, in rounds, after checking that those of one rule have the same weights. */
export async function measureSteps(
  label: string,
  entrants: readonly Entrant[],
  weights: Weights,
  backend: EntrantBackend,
  { context, hosts, peers }: Surroundings,
): Promise<TimedResult & { readonly parameters: number }> {
  const { config, progress, signal } = context;
  const task = createStepTask(weights.shapes, config.learningRate);
  const parameters = countElements(weights.shapes);
  const started: Started[] = [];
  const absences: Record<string, string> = {};
  progress.expect(entrants.length + config.rounds);
  for (const entrant of entrants) {
    if (signal.aborted) throw new Interrupted();
    const { name, rule, place } = entrant;
    progress.advance({ label: `${label}: preparing ${name}` });
    const absent = whyAbsent(entrant, backend, parameters, peers);
    const host = absent === undefined ? await hostOf(place, backend, hosts, peers) : { unavailable: absent };
    if ('unavailable' in host) {
      absences[name] = host.unavailable;
      continue;
    }
    const ours: Omit<StepQuestion, keyof typeof task> = {
      contestant: name,
      optimizer: rule,
      captured: place.kind === 'ours' && place.captured,
      names: weights.names,
    };
    const question = place.kind === 'ours' ? ours : { contestant: name, kind: name };
    const prepared = (await host.process.ask('prepare', { ...task, ...question })) as Prepared;
    started.push(contestantOf(name, rule, host, prepared));
  }
  const differences = await compareWeights(started, chooseSamples(weights.shapes));
  const comparison = await timeRounds(label, started, config.sectionSeconds, context);
  await hosts.release();
  return { parameters, contestants: started.map(timedOf), comparison, differences, absences };
}

function hostOf(
  place: Entrant['place'],
  backend: EntrantBackend,
  hosts: Hosts,
  peers: Peers | undefined,
): Promise<Host | NoHost> {
  return place.kind === 'torch' ? hosts.torch(peers as Peers) : hosts.ours(backend.name, place.inPlace);
}

export function contestantOf(
  contestant: string,
  rule: Timed['rule'],
  { process, version, threads }: Host,
  prepared: Prepared,
): Started {
  return {
    name: contestant,
    rule,
    pid: process.pid,
    stateBytes: prepared.stateBytes,
    version: prepared.version ?? version,
    threads: prepared.threads ?? threads,
    run: async (steps) => (await process.ask('run', { contestant, steps })).ms as number[],
    values: async (samples: readonly ValueSample[]) =>
      (await process.ask('values', { contestant, samples })).values as number[][],
  };
}

export function timedOf({ name, rule, stateBytes, version, threads }: Started): Timed {
  return { name, rule, stateBytes, version, threads };
}

/** As many steps in each section as fit in the time. A first section, not counted, tells how many, and lets V8 compile the loops. */
export async function timeRounds(
  label: string,
  started: readonly Started[],
  sectionSeconds: number,
  { config, progress, signal }: CellContext<StepTimeConfig>,
): Promise<TimedResult['comparison']> {
  if (started.length === 0) return storeComparison(NOBODY);
  const steps = new Map<string, number>();
  for (const { name, run } of started) {
    const fitting = (times: readonly number[]) => {
      const count = Math.round((sectionSeconds * 1000) / summarise(times).median);
      return Math.min(config.maximumSteps, Math.max(1, count));
    };
    steps.set(name, fitting(await run(fitting(await run(1)))));
  }
  const comparison = await compareShown(started, config, {
    label,
    progress,
    signal,
    pause: config.pause,
    steps: (name) => steps.get(name) as number,
  });
  return storeComparison(comparison);
}
