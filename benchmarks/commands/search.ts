import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ArchitectureRow,
  copyFromSupernet,
  EfficientBert,
  JOURNAL_FILE,
  supernetOf,
} from '../../methods/efficient-bert/index.ts';
import { saveModel } from '../../src/bert/index.ts';
import { writeJsonFile } from '../../src/experiment/files-of-run.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { type StudentShape, studentShape } from '../efficient-bert-distillation-training/student.ts';
import { pretrainSupernet } from '../efficient-bert-distillation-training/supernet.ts';
import { loadTaskData, type TaskData } from '../efficient-bert-distillation-training/task-data.ts';
import type { TaskHead } from '../efficient-bert-distillation-training/task-head.ts';
import { openTeacher } from '../efficient-bert-distillation-training/teacher.ts';
import { warmUp } from '../efficient-bert-distillation-training/warm-up.ts';
import { STAGES } from '../efficient-bert-search/cells.ts';
import { check, presets, type SearchConfig } from '../efficient-bert-search/config.ts';
import { rowsOf, type Search, searchStage } from '../efficient-bert-search/stages.ts';
import { openEncoder } from './distill.ts';
import type { DistillingOptions, TaskOptions } from './distill-options.ts';
import { type DistillingSession, inDistillingSession, type SessionWords } from './distill-session.ts';
import {
  identityOfOptions,
  studentChoiceOf,
  taskChoiceOf,
  teacherChoiceOf,
  teacherFolder,
  withHeadsOf,
} from './distill-settings.ts';

export interface SearchOptions extends DistillingOptions, TaskOptions {
  readonly supernet?: string;
  /** Of the three stages. */
  readonly candidates: readonly number[];
  readonly interval: number;
  readonly candidateEpochs: number;
  readonly epochs: number;
  readonly textEpochs: number;
  readonly learningRate: number;
}

/** Searches in three stages, distils what is found, and saves it with the journals in --out. */
export async function searchCommand(options: SearchOptions, words: SessionWords): Promise<void> {
  const config = configOf(options);
  check(config);
  await inDistillingSession(options, words, identityOfOptions(options), async (session) => {
    const { training, text } = session;
    const folder = await teacherFolder(options.teacher, training.progress);
    const data = await loadTaskData(config, folder, text);
    const { model: teacher, score } = await openTeacher(config, folder, data, training);
    try {
      const shape = studentShape(withHeadsOf(config, teacher.base), teacher.base.sizes, data.tokenizer);
      const supernet = await supernetFor(options, { config, shape, teacher, data }, session);
      try {
        const search: Search = { config, shape, teacher, supernet, data, training, onTimes() {} };
        let winner: ArchitectureRow = shape.expressions;
        for (const stage of STAGES) {
          ({ winner } = await searchStage(stage, search, rowsOf(stage, shape.layers, winner)));
          copyFileSync(join(training.folder, stage, JOURNAL_FILE), join(options.out, `${stage}.csv`));
        }
        const { texts, task } = config.finalStudent;
        const given = { shape, expressions: winner, teacher, supernet, data, texts, task };
        const student = await warmUp(
          { ...given, faithful: config.faithful },
          { ...training, folder: join(training.folder, 'student'), label: 'search: found student' },
        );
        try {
          await saveModel(session.model, student.model, data.tokenizer);
          const found = {
            expressions: winner,
            parameters: countParameters(student.model),
            teacher: score,
            student: student.score,
            shareKept: student.score / score,
            failure: student.failure,
            model: session.model,
          };
          await writeJsonFile(join(options.out, 'found.json'), found);
          process.stdout.write(`${JSON.stringify(found)}\n`);
        } finally {
          student.model.dispose();
        }
      } finally {
        supernet.dispose();
      }
    } finally {
      teacher.dispose();
    }
  });
}

interface Given {
  readonly config: SearchConfig;
  readonly shape: StudentShape;
  readonly teacher: TaskHead;
  readonly data: TaskData;
}

/** The supernet that is named, or one that is pre-trained here. */
async function supernetFor(
  { supernet, seed }: SearchOptions,
  { config, shape, teacher, data }: Given,
  { training }: DistillingSession,
): Promise<EfficientBert> {
  if (supernet === undefined) {
    const given = { shape, teacher, data, length: config.pretraining, faithful: config.faithful };
    return (await pretrainSupernet(given, training)).model;
  }
  const stored = await openEncoder(supernet, seed);
  const architecture = supernetOf({ ...shape.shape, expressions: shape.expressions });
  const model = new EfficientBert({ ...architecture, ...shape.rest }, new RandomStreams(seed), 'zero');
  try {
    await copyFromSupernet(stored, model);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    stored.dispose();
  }
}

function configOf(options: SearchOptions): SearchConfig {
  const { candidates, learningRate, batchSize, epochs, candidateEpochs, textEpochs } = options;
  const [first = 1, second = 1, third = 1] = candidates;
  const length = (count: number) => ({ epochs: count, learningRate, batchSize });
  const onTexts = length(textEpochs);
  return {
    ...presets.laptop,
    ...taskChoiceOf(options),
    ...teacherChoiceOf(options),
    ...studentChoiceOf(options.student),
    faithful: options.faithful === true,
    pretraining: onTexts,
    candidate: { texts: length(onTexts.epochs / 4), task: length(candidateEpochs) },
    shared: { texts: onTexts, task: length(candidateEpochs) },
    finalStudent: { texts: onTexts, task: length(epochs) },
    candidates: { 'stage-1': first, 'stage-2': second, 'stage-3': third },
    interval: options.interval,
    random: false,
  };
}
