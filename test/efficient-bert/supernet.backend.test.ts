import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  type Architecture,
  copyFromSupernet,
  EfficientBert,
  leadingSlice,
  parameterCounts,
  supernetOf,
} from '../../methods/efficient-bert/index.ts';
import { SequenceClassifier, type StoredModel } from '../../src/bert/index.ts';
import { UserError } from '../../src/errors.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { FOUND } from './fixtures.ts';
import { goldenInputs, STUDENT } from './golden-model.ts';

const TABLE = 'embeddings.word_embeddings.weight';
const streams = new RandomStreams(1);
const create = (architecture: Architecture) => new EfficientBert({ ...architecture, dropout: 0 }, streams);

async function weight(model: StoredModel, name: string): Promise<number[]> {
  const found = model.stored().find((tensor) => tensor.name === name);
  if (found === undefined) throw new Error(`no weight ${name}`);
  return Array.from(await found.variable.data());
}

describe('leadingSlice', () => {
  it('golden check 24: cuts 540 × 540 to 360 × 360 as the authors do', () => {
    const query = Float32Array.from({ length: 540 * 540 }, (_, i) => i); // w[i, j] = 540i + j
    const cut = leadingSlice(query, [540, 540], [360, 360]);
    expect(cut).toHaveLength(360 * 360);
    expect(cut.at(-1)).toBe(194_219); // w[359, 359]
    expect(cut[360]).toBe(540); // w[1, 0]
  });

  it('cuts one axis or none', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect([...leadingSlice(values, [6], [4])]).toEqual([1, 2, 3, 4]);
    expect([...leadingSlice(values, [2, 3], [2, 2])]).toEqual([1, 2, 4, 5]);
    expect([...leadingSlice(values, [2, 3], [1, 3])]).toEqual([1, 2, 3]);
    expect(leadingSlice(values, [2, 3], [2, 3])).toEqual(values);
  });
});

describe('copyFromSupernet', () => {
  it('gives a student of the same width the function that it has inside the supernet', async () => {
    const supernet = create(supernetOf(STUDENT));
    const plain: Architecture = {
      ...STUDENT,
      expressions: FOUND.map(() => 'linear4_1(gelu(linear4_1(x,wb1)),wb2)'),
    };
    const same = create(plain);
    await copyFromSupernet(supernet, same);
    const inputs = goldenInputs();
    await expectAllClose(same.encoder.encode(inputs), supernet.encoder.encode(inputs), { rtol: 0, atol: 0 });
    supernet.dispose();
    same.dispose();
  });

  it('golden check 24: cuts every weight to a narrower student of twice as many layers, each layer twice in a row', async () => {
    const supernet = create(supernetOf(STUDENT));
    // Mark each weight of each layer by the layer.
    for (const { name, variable } of supernet.stored()) {
      const layer = /layer\.(\d+)/.exec(name)?.[1];
      if (layer !== undefined) tf.tidy(() => variable.assign(tf.fill(variable.shape, Number(layer))));
    }
    const narrow: Architecture = {
      ...STUDENT,
      width: 6,
      hidden: 6,
      expressions: FOUND.flatMap((expression) => [expression, expression]),
    };
    const student = create(narrow);
    await copyFromSupernet(supernet, student);
    for (const { name, variable } of student.stored()) {
      const layer = /layer\.(\d+)/.exec(name)?.[1];
      if (layer === undefined) continue;
      const values = new Set(await variable.data());
      expect([...values], name).toEqual([Math.floor(Number(layer) / 2)]); // layer 3 in 6 and 7 alone
    }
    const table = await weight(supernet, 'embeddings.position_embeddings.weight');
    const cut = await weight(student, 'embeddings.position_embeddings.weight');
    expect(cut).toEqual(table.filter((_, i) => i % 12 < 6));
    expect(await weight(student, 'embeddings.word_embeddings.weight')).toEqual(
      await weight(supernet, 'embeddings.word_embeddings.weight'),
    );
    // fit [in, out] in the variable: the first six inputs.
    const fit = await weight(supernet, 'fit_dense.weight');
    expect(await weight(student, 'fit_dense.weight')).toEqual(fit.slice(0, 6 * 9));
    supernet.dispose();
    student.dispose();
  });

  it('takes the head along where both have it', async () => {
    const labels = ['a', 'b', 'c'];
    const source = new SequenceClassifier(create(supernetOf(STUDENT)), labels, streams);
    const target = new SequenceClassifier(create(STUDENT), labels, streams);
    await copyFromSupernet(source, target);
    expect(await weight(target, 'classifier.weight')).toEqual(await weight(source, 'classifier.weight'));
    await copyFromSupernet(source, target.base); // or leaves it behind
    await expect(copyFromSupernet(source.base, target)).rejects.toThrow(
      'The supernet has no pooler.dense.weight',
    );
    source.dispose();
    target.dispose();
  });

  it('refuses a factorised embedding of another width, whose map cannot be cut; a whole one is cut like all else', async () => {
    const full: Architecture = { ...STUDENT, embeddingWidth: undefined };
    const supernet = create(supernetOf(STUDENT));
    const [narrow, whole] = [
      create({ ...STUDENT, embeddingWidth: 3 }),
      create({ ...full, width: 6, hidden: 6 }),
    ];
    await expect(copyFromSupernet(supernet, narrow)).rejects.toThrow(
      'embedding is 4 wide, the model’s 3: it is copied whole or not at all. Make the model with embeddingWidth: 4.',
    );
    await expect(copyFromSupernet(supernet, whole)).rejects.toThrow('embedding is 4 wide, the model’s 6:');
    const wide = create(supernetOf(full));
    await copyFromSupernet(wide, whole);
    const [table, cut] = [await weight(wide, TABLE), await weight(whole, TABLE)];
    expect(cut).toEqual(table.filter((_, i) => i % 12 < 6));
    await expect(copyFromSupernet(wide, narrow)).rejects.toThrow(
      'has no embeddings.embedding_transformation',
    );
    for (const model of [supernet, narrow, whole, wide]) model.dispose();
  });

  it('refuses a supernet that is too small', async () => {
    const [small, student] = [create(STUDENT), create(STUDENT)];
    const wide = create({ ...STUDENT, width: 24, hidden: 24 });
    await expect(copyFromSupernet(small, wide)).rejects.toThrow(UserError);
    await expect(copyFromSupernet(small, wide)).rejects.toThrow(
      'embeddings.embedding_transformation.weight of the supernet has shape [12,12], too small for [24,12]',
    );
    const four = create({ ...STUDENT, expressions: FOUND.slice(0, 4) });
    await expect(copyFromSupernet(four, student)).rejects.toThrow(
      'as many layers as its supernet, or a multiple',
    );
    for (const model of [small, student, wide, four]) model.dispose();
  });
});

it('supernetOf has four networks at full width in each layer', () => {
  const { ffn } = parameterCounts(supernetOf(STUDENT));
  expect(ffn).toBe(6 * 4 * (2 * 144 + 12 + 36));
});
