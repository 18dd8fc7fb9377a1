/** Evaluates one sequence: `npm run -s cli -- run cdape-attention-cost` starts it and puts the questions. */
import * as tf from '@tensorflow/tfjs';
import { type BackendRequest, useBackend } from '../../src/backends/index.ts';
import { answerLines } from '../../src/experiment/line-process.ts';
import type { LanguageModel } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { type CostModel, createCostModel } from './model.ts';

export type EvaluationQuestion = CostModel & {
  readonly queryBlock: number;
  readonly backend: BackendRequest;
};

console.log = console.error; // stdout is for answers
console.info = console.error;
let [model, tokens, logits]: [LanguageModel?, tf.Tensor2D?, tf.Tensor3D?] = [];

await answerLines({
  async evaluate(details) {
    const question = details as unknown as EvaluationQuestion;
    const { size, queryBlock } = question;
    const { version, name, nativeKernels } = await useBackend(question.backend);
    model = createCostModel(question);
    const stream = RandomStream.fromSeed(0, 'evaluation');
    const drawn = Int32Array.from({ length: size.sequence }, () => stream.integer(size.vocabulary));
    tokens = tf.tensor2d(drawn, [1, size.sequence], 'int32');
    let seconds = 0;
    // The first time loads kernels.
    for (let time = 0; time < 2; time++) {
      logits?.dispose();
      const started = performance.now();
      logits = model.logits(tokens, { queryBlock });
      await logits.data();
      seconds = (performance.now() - started) / 1000;
    }
    const native = `native kernels ${nativeKernels ? 'on' : 'off'}`;
    const { maxRSS } = process.resourceUsage();
    return { version: `${name} ${version}, ${native}`, seconds, kilobytes: maxRSS };
  },
  async compare() {
    if (model === undefined || tokens === undefined || logits === undefined)
      throw new Error('evaluate comes first');
    const whole = model.logits(tokens);
    const [difference] = await tf.max(tf.abs(tf.sub(whole, logits))).data();
    return { difference };
  },
});
process.exit(0); // a webgpu device would keep the process alive
