// Run by probe.ts as `node --import tsx probe-child.ts BACKEND`: loads it, multiplies once, prints a ProbeAnswer as one line.
import * as tf from '@tensorflow/tfjs';
import { type BackendRequest, useBackend } from '../../src/backends/index.ts';
import type { ProbeAnswer } from './probe.ts';

async function answer(request: BackendRequest): Promise<ProbeAnswer> {
  try {
    const { name, version, software } = await useBackend(request);
    const product = tf.matMul([[1, 2]], [[3], [4]]);
    const [value] = await product.data();
    if (value !== 11) return { ok: false, reason: `1·3 + 2·4 came out as ${value}` };
    return { ok: true, name, version, software };
  } catch (error) {
    return {
      ok: false,
      reason: String(error instanceof Error ? error.message : error).replaceAll('\n', ' '),
    };
  }
}

process.stdout.write(`${JSON.stringify(await answer(process.argv[2] as BackendRequest))}\n`, () =>
  process.exit(0),
);
