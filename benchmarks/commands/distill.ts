import { join } from 'node:path';
import { buildEncoder } from '../../methods/efficient-bert/index.ts';
import { type EncoderModel, openModel, saveModel } from '../../src/bert/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { studentShape } from '../efficient-bert-distillation-training/student.ts';
import { loadTaskData } from '../efficient-bert-distillation-training/task-data.ts';
import { headOf } from '../efficient-bert-distillation-training/task-head.ts';
import { openTeacher } from '../efficient-bert-distillation-training/teacher.ts';
import { warmUp } from '../efficient-bert-distillation-training/warm-up.ts';
import { isModelFolder } from '../efficient-bert-models/model-names.ts';
import type { DistillingOptions, TaskOptions } from './distill-options.ts';
import { inDistillingSession, type SessionWords } from './distill-session.ts';
import {
  identityOfOptions,
  studentChoiceOf,
  taskChoiceOf,
  teacherChoiceOf,
  teacherFolder,
  withHeadsOf,
} from './distill-settings.ts';

export interface DistillOptions extends DistillingOptions, TaskOptions {
  /** Of a supernet. */
  readonly supernet?: string;
  readonly epochs: number;
  readonly textEpochs: number;
  readonly learningRate: number;
}

/** Distils a task into a student, and saves it in --out/model with the tokenizer. */
export async function distillCommand(options: DistillOptions, words: SessionWords): Promise<void> {
  const { student, epochs, textEpochs, learningRate, batchSize, seed } = options;
  const isFolder = isModelFolder(student);
  const choice = studentChoiceOf(isFolder ? 'small' : student);
  const taskChoice = taskChoiceOf(options);
  const teacherChoice = teacherChoiceOf(options);
  await inDistillingSession(options, words, identityOfOptions(options), async (session) => {
    const { training, text } = session;
    const folder = await teacherFolder(options.teacher, training.progress);
    const data = await loadTaskData(taskChoice, folder, text);
    const { model: teacher, score } = await openTeacher(teacherChoice, folder, data, training);
    try {
      const supernet = options.supernet === undefined ? undefined : await openEncoder(options.supernet, seed);
      try {
        const streams = new RandomStreams(seed);
        const given = isFolder
          ? (
              await openModel(student, {
                head: (encoder) => headOf(data.task, encoder, streams),
                build: buildEncoder,
                streams,
                fresh: ['fit', 'pooler', 'head'],
              })
            ).model
          : undefined;
        const shape = studentShape(withHeadsOf(choice, teacher.base), teacher.base.sizes, data.tokenizer);
        const length = { learningRate, batchSize };
        const trained = await warmUp(
          {
            shape,
            expressions: shape.expressions,
            teacher,
            supernet,
            data,
            texts: textEpochs > 0 ? { ...length, epochs: textEpochs } : undefined,
            task: { ...length, epochs },
            faithful: options.faithful === true,
            ...(given && { given }),
          },
          { ...training, folder: join(training.folder, 'student') },
        );
        try {
          await saveModel(session.model, trained.model, data.tokenizer);
          const parameters = countParameters(trained.model);
          process.stdout.write(
            `${JSON.stringify({
              task: data.task.name,
              metric: data.task.metrics.join(' and '),
              teacher: score,
              student: trained.score,
              shareKept: trained.score / score,
              parameters,
              timesSmaller: countParameters(teacher) / parameters,
              failure: trained.failure,
              model: session.model,
            })}\n`,
          );
        } finally {
          trained.model.dispose();
        }
      } finally {
        supernet?.dispose();
      }
    } finally {
      teacher.dispose();
    }
  });
}

/** An encoder without a head. @throws UserError (exit code 3) as `openModel` */
export async function openEncoder(folder: string, seed: number): Promise<EncoderModel> {
  const { model } = await openModel<EncoderModel>(folder, {
    head: (encoder) => encoder,
    build: buildEncoder,
    streams: new RandomStreams(seed),
  });
  return model;
}
