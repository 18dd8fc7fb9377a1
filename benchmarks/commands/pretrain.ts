import { join } from 'node:path';
import { buildEncoder } from '../../methods/efficient-bert/index.ts';
import { type EncoderModel, openModel, saveModel } from '../../src/bert/index.ts';
import { readTokenizer } from '../../src/data/index.ts';
import { UserError } from '../../src/errors.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { distilOnTexts } from '../efficient-bert-distillation-training/phase.ts';
import { buildStudent, studentShape } from '../efficient-bert-distillation-training/student.ts';
import { pretrainSupernet } from '../efficient-bert-distillation-training/supernet.ts';
import { pretrainingTextOf } from '../efficient-bert-distillation-training/task-data.ts';
import type { DistillingOptions } from './distill-options.ts';
import { inDistillingSession, type SessionWords } from './distill-session.ts';
import { identityOfOptions, studentChoiceOf, teacherFolder, withHeadsOf } from './distill-settings.ts';

export interface PretrainOptions extends DistillingOptions {
  readonly text: string;
  readonly supernet?: true;
  readonly epochs: number;
  readonly learningRate: number;
}

/** Pre-trains a student or its supernet, and saves it in --out/model. */
export async function pretrainCommand(options: PretrainOptions, words: SessionWords): Promise<void> {
  const choice = studentChoiceOf(options.student);
  await inDistillingSession(options, words, identityOfOptions(options), async (session) => {
    const { training, text } = session;
    if (text === undefined) throw new UserError('--text must name the text to pre-train on.');
    const folder = await teacherFolder(options.teacher, training.progress);
    const streams = new RandomStreams(options.seed);
    const { model: teacher } = await openModel<EncoderModel>(folder, {
      head: (encoder) => encoder,
      build: buildEncoder,
      streams,
      fresh: ['fit', 'pooler', 'head'],
    });
    try {
      const tokenizer = await readTokenizer(folder);
      const data = { text: pretrainingTextOf(text, tokenizer), tokenizer, length: options.length };
      const shape = studentShape(withHeadsOf(choice, teacher), teacher.sizes, tokenizer);
      const length = {
        epochs: options.epochs,
        learningRate: options.learningRate,
        batchSize: options.batchSize,
      };
      const faithful = options.faithful === true;
      const given = { shape, teacher, data, length, faithful };
      const model = options.supernet
        ? (await pretrainSupernet(given, training)).model
        : buildStudent(shape, shape.expressions, streams);
      try {
        if (!options.supernet) {
          const phase = { ...given, streams, folder: join(training.folder, 'student') };
          const { failure } = await distilOnTexts(model, phase, training);
          if (failure) throw new UserError(failure.what);
        }
        await saveModel(session.model, model, tokenizer);
        process.stdout.write(
          `${options.supernet ? 'Supernet' : options.student}: ${countParameters(model).toLocaleString('en-US')} parameters, in ${session.model}\n`,
        );
      } finally {
        model.dispose();
      }
    } finally {
      teacher.dispose();
    }
  });
}
