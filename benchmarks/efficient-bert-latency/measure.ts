import * as tf from '@tensorflow/tfjs';
import { compile } from '../../src/compile/index.ts';
import { type CellContext, Interrupted } from '../../src/experiment/experiment.ts';
import { storeComparison } from '../../src/experiment/stored-comparison.ts';
import { type Contestant, timeSteps } from '../../src/experiment/timer.ts';
import { RandomStream } from '../../src/random/index.ts';
import { compareShown, fillSections } from '../step-timing/compare-shown.ts';
import { contestantName, type LatencyCell, type LatencyConfig, type LatencyResult } from './config.ts';
import type { TimedModel } from './models.ts';
import type { Onnxruntime } from './onnxruntime.ts';
import type { Torch } from './start-cells.ts';

type Context = CellContext<LatencyConfig>;

/** Every model in every form over the same tokens, in rounds. A step ends when the states of the first tokens are read. */
export async function measure(
  cell: LatencyCell,
  models: readonly TimedModel[],
  torch: Torch | undefined,
  onnx: Onnxruntime | string,
  context: Context,
): Promise<LatencyResult> {
  const { config, progress, signal } = context;
  const { batch, length } = cell;
  progress.expect(models.length + config.rounds);
  const owned: { dispose(): void }[] = [];
  const contestants: Contestant[] = [];
  const measured: LatencyResult['models'][number][] = [];
  try {
    for (const { name, model, parameters, macs } of models) {
      if (signal.aborted) throw new Interrupted();
      const ids = randomTokens(cell, model.sizes.vocabulary);
      const tokens = tf.tensor2d(ids, [batch, length], 'int32');
      const forward = (input: tf.Tensor2D) =>
        tf.tidy(() => {
          const hidden = model.encoder.encode({ tokens: input });
          return hidden.slice([0, 0, 0], [batch, 1, model.sizes.width]);
        });
      const captured = compile(forward, { name });
      owned.push(captured, tokens);
      const read = async (compute: typeof forward) => {
        const states = compute(tokens);
        const values = (await states.data()) as Float32Array;
        states.dispose();
        return values;
      };
      for (let warm = 0; warm < 3; warm++) await read(captured); // two of them record
      const states = await read(forward);
      contestants.push(
        { name: contestantName(name, 'captured'), run: (steps) => timeSteps(() => read(captured), steps) },
        { name: contestantName(name, 'eager'), run: (steps) => timeSteps(() => read(forward), steps) },
      );
      let difference: number | null = null;
      if (torch?.models.has(name)) {
        const { process } = torch;
        const answer = await process.ask('prepare', { model: name, tokens: [...ids], batch });
        difference = largestDifference(states, answer.states as number[]);
        contestants.push({
          name: contestantName(name, 'PyTorch'),
          pid: process.pid,
          run: async (steps) => (await process.ask('run', { model: name, steps })).ms as number[],
        });
      }
      let onnxDifference: number | null = null;
      if (typeof onnx !== 'string' && onnx.models.has(name)) {
        const compute = onnx.prepare(name, ids, batch);
        onnxDifference = largestDifference(states, await compute());
        contestants.push({
          name: contestantName(name, 'onnxruntime'),
          run: (steps) => timeSteps(compute, steps),
        });
      }
      measured.push({ name, parameters, macs: macs(length), difference, onnxDifference });
      progress.advance({ label: `${cell.id}: ${name}` });
    }
    const comparison = await timed(cell, contestants, context);
    const [version, absent] = typeof onnx === 'string' ? [null, onnx] : [onnx.version, null];
    return {
      cell,
      models: measured,
      comparison,
      torch: torch?.version ?? null,
      onnx: version,
      onnxAbsent: absent,
    };
  } finally {
    for (const each of owned) each.dispose();
  }
}

async function timed(
  { id }: LatencyCell,
  contestants: readonly Contestant[],
  { config, progress, signal }: Context,
): Promise<LatencyResult['comparison']> {
  const steps = await fillSections(contestants, config.sectionSeconds, config.maximumSteps);
  const comparison = await compareShown(contestants, config, {
    label: id,
    progress,
    signal,
    pause: config.pause,
    steps,
  });
  return storeComparison(comparison);
}

/** The first token is padding in no sequence. */
function randomTokens({ batch, length, id }: LatencyCell, vocabulary: number): Int32Array {
  const stream = RandomStream.fromSeed(0, `tokens of ${id}`);
  return Int32Array.from({ length: batch * length }, () => 1 + stream.integer(vocabulary - 1));
}

function largestDifference(ours: Float32Array, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) throw new Error(`${theirs.length} states for ${ours.length}`);
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] as number))), 0);
}
