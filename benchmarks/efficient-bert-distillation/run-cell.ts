import { join, resolve } from 'node:path';
import { parseExpression, plainName, sizeOf } from '../../methods/efficient-bert/index.ts';
import { saveModel } from '../../src/bert/index.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { fineTuned, type Training } from '../efficient-bert-distillation-training/fine-tuned.ts';
import { identityOf } from '../efficient-bert-distillation-training/identity.ts';
import { readingSeconds } from '../efficient-bert-distillation-training/reading-speed.ts';
import { buildStudent, studentShape } from '../efficient-bert-distillation-training/student.ts';
import { pretrainSupernet } from '../efficient-bert-distillation-training/supernet.ts';
import type { TaskData } from '../efficient-bert-distillation-training/task-data.ts';
import { headOf } from '../efficient-bert-distillation-training/task-head.ts';
import { openTeacher } from '../efficient-bert-distillation-training/teacher.ts';
import { type TrainedStudent, warmUp } from '../efficient-bert-distillation-training/warm-up.ts';
import type { DistillationCell, DistillationResult, StudentResult } from './cells.ts';
import type { DistillationConfig } from './config.ts';
import { chosenWays, type Way } from './ways.ts';

interface Shared {
  readonly data: TaskData;
  readonly teacherFolder: string | undefined;
}

/** One teacher, and its students by all ways and budgets. */
export async function runCell(
  { seed }: DistillationCell,
  folder: string,
  { data, teacherFolder }: Shared,
  context: CellContext<DistillationConfig>,
): Promise<DistillationResult> {
  const { config, progress, signal } = context;
  const { faithful, batchSize, learningRate, scratchLearningRate } = config;
  const label = `seed ${seed}`;
  const training: Training = { folder, seed, label, identity: identityOf(seed, context), progress, signal };
  const ways = chosenWays(config.ways);
  const owned: { dispose(): void }[] = [];
  try {
    const { model: teacher, score, seconds } = await openTeacher(config, teacherFolder, data, training);
    owned.push(teacher);
    progress.note(`${label}: the teacher has ${score.toFixed(4)} on the dev set`);
    const shape = studentShape(config, teacher.base.sizes, data.tokenizer);
    const wantsSupernet = ways.some((way) => way.startsWith('warm-up'));
    const pretraining = { shape, teacher, data, length: config.pretraining, faithful };
    const supernet = wantsSupernet ? await pretrainSupernet(pretraining, training) : undefined;
    if (supernet) owned.push(supernet.model);

    const train = async (way: Way, epochs: number): Promise<TrainedStudent> => {
      const within = {
        ...training,
        folder: join(folder, `${way}-${epochs}`),
        label: `${label}: ${way}, ${epochs} epochs`,
      };
      const expressions = way === 'warm-up-plain' ? plainOf(shape.expressions) : shape.expressions;
      if (way === 'scratch') {
        const streams = new RandomStreams(seed);
        const model = headOf(data.task, buildStudent(shape, expressions, streams), streams);
        const length = { epochs, learningRate: scratchLearningRate, batchSize };
        try {
          return { model, ...(await fineTuned(model, data, length, { ...within, streams })) };
        } catch (error) {
          model.dispose();
          throw error;
        }
      }
      const warm = way !== 'task';
      const task = { epochs, learningRate, batchSize };
      const texts = warm ? config.texts : undefined;
      const given = { shape, expressions, teacher, data, texts, task, faithful };
      return warmUp({ ...given, supernet: warm ? supernet?.model : undefined }, within);
    };

    const students: StudentResult[] = [];
    const largest = Math.max(...config.epochs);
    const saved = config.saveTo === '' ? null : resolve(config.saveTo, `seed${seed}`);
    let timesFaster = 0;
    for (const way of ways) {
      for (const epochs of config.epochs) {
        const { model, ...trained } = await train(way, epochs);
        try {
          students.push({ way, epochs, ...trained, parameters: countParameters(model) });
          if (epochs !== largest) continue;
          if (saved !== null) await saveModel(join(saved, way), model, data.tokenizer);
          if (way === (ways.find((one) => one === 'warm-up') ?? ways[0])) {
            const slow = await readingSeconds(teacher, data, batchSize);
            timesFaster = slow / (await readingSeconds(model, data, batchSize));
          }
        } finally {
          model.dispose();
        }
      }
    }
    return {
      teacher: { score, seconds, parameters: countParameters(teacher) },
      pretrainingSeconds: supernet?.seconds ?? 0,
      students,
      timesFaster,
      expressions: shape.expressions,
      saved,
    };
  } finally {
    for (const model of owned) model.dispose();
  }
}

/** The same sizes, and so as many parameters, with linear(gelu(linear)) in each layer. */
function plainOf(expressions: readonly string[]): string[] {
  return expressions.map((text) => {
    const size = sizeOf(parseExpression(text));
    return plainName(size ?? { stackedFfn: 1, expansionRatio: 1 });
  });
}
