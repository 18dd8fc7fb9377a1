import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { saveModel } from '../../src/bert/index.ts';
import { type CellContext, Interrupted } from '../../src/experiment/experiment.ts';
import type { LineProcess } from '../../src/experiment/line-process.ts';
import { evaluateGlue, type GlueEvaluation } from '../../src/tasks/index.ts';
import { TrainingProgress } from '../../src/training/index.ts';
import { evaluationBatchOf } from '../efficient-bert-models/tune-cell.ts';
import type { CurvePoint, FineTuningCell, TrainingResult } from './cells.ts';
import type { FineTuningConfig } from './config.ts';
import { openClassifier } from './open-classifier.ts';
import { PackedBatches, plainBatch } from './packed-batches.ts';
import type { FineTuningData } from './start-cells.ts';
import { torchRecipe, withTorch } from './torch-process.ts';

/** Steps of one question: a stop waits for its answer. */
const STEPS_AT_ONCE = 5;

interface Measured {
  readonly curve: readonly CurvePoint[];
  readonly lossSum: number;
  readonly lossCount: number;
  readonly seconds: number;
}

/** PyTorch from the same first weights, on the same batches; only the dropout masks are others. */
export async function trainTorch(
  { id, seed }: FineTuningCell,
  folder: string,
  data: FineTuningData,
  context: CellContext<FineTuningConfig>,
): Promise<TrainingResult> {
  const { peers, rows, train, steps } = data;
  const shared = { what: 'pytorch', steps, trainingExamples: train.size, skippedRows: rows.skipped } as const;
  if (typeof peers === 'string')
    return { ...shared, absent: peers, diverged: null, curve: [], seconds: 0, origin: '' };
  const { config, progress, signal } = context;
  const kept = new TrainingProgress<Measured>(join(folder, 'training'));
  await mkdir(kept.checkpoints, { recursive: true });
  const checkpoint = join(kept.checkpoints, 'torch.pt');
  const { model } = await openClassifier(config, data.folder, data.tokenizer, data.classes, seed);
  try {
    const weights = join(folder, 'model');
    await saveModel(weights, model);
    return await withTorch(peers, async (torch) => {
      const recipe = torchRecipe(config, steps);
      const continued = existsSync(checkpoint);
      const started = await torch.ask('start', { folder: weights, recipe, seed, checkpoint });
      let done = started.done as number;
      const measured = continued ? kept.load(done) : { curve: [], lossSum: 0, lossCount: 0, seconds: 0 };
      const curve: CurvePoint[] = [...measured.curve];
      let { lossSum, lossCount } = measured;
      const start = performance.now();
      const seconds = () => measured.seconds + (performance.now() - start) / 1000;
      const save = () =>
        kept.save(done, { curve, lossSum, lossCount, seconds: seconds() }, () =>
          torch.ask('save', { checkpoint }),
        );
      const every = Math.ceil(steps / config.evaluations);
      const batches = new PackedBatches(train, config.batchSize, seed);
      progress.expect(steps - done);
      while (done < steps) {
        if (signal.aborted) {
          await save();
          throw new Interrupted();
        }
        const next = Math.min(steps, done + STEPS_AT_ONCE, every * (Math.floor(done / every) + 1));
        const wanted = Array.from({ length: next - done }, (_, i) => batches.plain(done + i));
        const losses = (await torch.ask('train', { batches: wanted })).losses as number[];
        const lost = losses.findIndex((loss) => !Number.isFinite(loss));
        if (lost >= 0) {
          const diverged = { step: done + lost + 1, what: 'the loss is not finite' };
          progress.note(`${id}: ${diverged.what}`);
          return {
            ...shared,
            absent: null,
            diverged,
            curve,
            seconds: seconds(),
            origin: started.version as string,
          };
        }
        for (const loss of losses) lossSum += loss;
        lossCount += losses.length;
        done = next;
        const values = { loss: losses.at(-1) as number };
        progress.advance({ label: id, step: done, steps, values }, losses.length);
        if (done % every !== 0 && done < steps) continue;
        const { loss, selection } = await evaluate(torch, data, config);
        curve.push({ step: done, training: lossSum / lossCount, loss, accuracy: selection });
        [lossSum, lossCount] = [0, 0];
        progress.advance({ label: id, step: done, steps, values: { dev: selection } }, 0);
        await save();
      }
      return {
        ...shared,
        absent: null,
        diverged: null,
        curve,
        seconds: seconds(),
        origin: started.version as string,
      };
    });
  } finally {
    model.dispose();
  }
}

async function evaluate(
  torch: LineProcess,
  { task, rows, dev }: FineTuningData,
  config: FineTuningConfig,
): Promise<GlueEvaluation> {
  const outputs: number[][] = [];
  const size = evaluationBatchOf(config);
  while (outputs.length < dev.size) {
    const count = Math.min(size, dev.size - outputs.length);
    const batch = plainBatch(Array.from({ length: count }, (_, i) => dev.at(outputs.length + i)));
    outputs.push(...((await torch.ask('predict', { batch })).logits as number[][]));
  }
  return evaluateGlue(
    task,
    outputs,
    rows.dev.map(({ label }) => label as number),
  );
}
