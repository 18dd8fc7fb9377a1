import { presets as trainingPresets } from '../training-step/config.ts';
import { createTask } from '../training-step/task.ts';
import type { TrainingConfig } from './config.ts';
import type { TrainingQuestion } from './host.ts';
import type { Prepared } from './hosts.ts';
import { contestantOf, type Started, type Surroundings, timedOf, timeRounds } from './measure.ts';
import type { TimedResult } from './results.ts';

/** A captured step is recorded twice before its graph runs. */
const WARM_UP = 4;

/** Forward, backward and optimizer of one language model, with CAME and with AdamW in turn: captured, with all that there is here. */
export async function measureTraining(
  training: TrainingConfig,
  { context, hosts }: Surroundings,
): Promise<TimedResult> {
  const { backend, progress, config } = context;
  const names = ['came', 'adamw'] as const;
  progress.expect(names.length + config.rounds);
  if (!backend.name.startsWith('tensorflow')) return absent(names, `${backend.name} captures nothing`);
  const host = await hosts.ours(backend.name, backend.nativeKernels);
  if ('unavailable' in host) return absent(names, host.unavailable);
  const task = trainingTask(training);
  const started: Started[] = [];
  for (const contestant of names) {
    progress.advance({ label: `training: preparing ${contestant}` });
    const question: TrainingQuestion = { ...task, contestant, captured: true, warmUp: WARM_UP };
    const prepared = (await host.process.ask('train', { ...question })) as Prepared;
    started.push(contestantOf(contestant, contestant, host, prepared));
  }
  const comparison = await timeRounds('training', started, training.sectionSeconds, context);
  await hosts.release();
  return { contestants: started.map(timedOf), comparison, differences: [], absences: {} };
}

/** That of training-step, of this size. */
function trainingTask({ vocabulary, sectionSeconds: _, ...size }: TrainingConfig) {
  return createTask({ ...size, contestants: [] }, { ...trainingPresets.laptop, vocabulary }, '');
}

function absent(names: readonly string[], reason: string): TimedResult {
  return {
    contestants: [],
    comparison: { timings: {}, samples: [], valid: true, others: null },
    differences: [],
    absences: Object.fromEntries(names.map((name) => [name, reason])),
  };
}
