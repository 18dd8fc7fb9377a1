import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  DISTILLATION_MODES,
  DISTILLATION_PHASES,
  distillationSchedule,
  exampleBatches,
  layerMap,
  pretrainingText,
  stepsOf,
  textBatches,
} from '../../../methods/efficient-bert/distillation/index.ts';
import { useBackend } from '../../../src/backends/index.ts';
import { UserError } from '../../../src/errors.ts';
import { LENGTH, reviews, tokenizer } from '../../tasks/fixtures.ts';
import { TEXT } from './fixtures.ts';

beforeAll(async () => {
  await useBackend('js');
});

describe('layerMap', () => {
  const { faithful, mended } = DISTILLATION_MODES;

  it('is the authors’', () => {
    const base = { teacherLayers: 12 };
    expect(layerMap({ ...base, studentLayers: 6 }, faithful)).toEqual([1, 3, 5, 7, 9, 11]);
    expect(layerMap({ ...base, studentLayers: 4 }, faithful)).toEqual([2, 5, 8, 11]); // TinyBERT's
    expect(layerMap({ ...base, studentLayers: 12 }, faithful)).toEqual(
      Array.from({ length: 12 }, (_, l) => l),
    );
    expect(layerMap({ ...base, studentLayers: 6, searching: true }, faithful)).toEqual([1, 3, 5, 7, 9, 11]);
  });

  it('is another while searching, in faithful mode, and there may go beyond the teacher', () => {
    const search = { teacherLayers: 12, studentLayers: 4, searching: true };
    expect(layerMap(search, faithful)).toEqual([1, 4, 7, 10]);
    expect(layerMap(search, mended)).toEqual([2, 5, 8, 11]);
    expect(() => layerMap({ ...search, studentLayers: 12 }, faithful)).toThrow(
      /ends at layer 12; the teacher's last is 11/,
    );
  });

  it('ends with the teacher’s last layer where the quirk is mended', () => {
    const uneven = { teacherLayers: 6, studentLayers: 4 };
    expect(layerMap(uneven, faithful)).toEqual([0, 1, 2, 3]);
    expect(layerMap(uneven, mended)).toEqual([1, 2, 4, 5]);
    for (let studentLayers = 1; studentLayers <= 12; studentLayers++) {
      const map = layerMap({ teacherLayers: 12, studentLayers }, mended);
      expect(map.at(-1)).toBe(11);
      expect([...new Set(map)].sort((a, b) => a - b)).toEqual(map);
    }
    expect(() => layerMap({ teacherLayers: 3, studentLayers: 4 }, mended)).toThrow(UserError);
  });
});

describe('the schedule', () => {
  it('loses its first step in faithful mode alone', () => {
    const options = { peakLearningRate: 1, steps: 100 };
    const faithful = distillationSchedule({ ...options, mode: 'faithful' });
    expect([0, 5, 10, 100].map(faithful)).toEqual([0, 0.5, 1, 0]);
    expect(faithful(55)).toBeCloseTo(0.5, 12);
    const mended = distillationSchedule(options);
    expect([0, 4, 9, 10, 100].map(mended)).toEqual([0.1, 0.5, 1, 1, 0]);
  });
});

it('the phases have the published numbers', () => {
  const numbers = Object.entries(DISTILLATION_PHASES).map(([name, phase]) => [
    name,
    phase.epochs,
    phase.peakLearningRate,
    phase.batchSize,
    phase.losses,
  ]);
  expect(numbers).toEqual([
    ['supernet', 10, 1e-4, 256, 'hidden'],
    ['supernet on both', 10, 1e-4, 256, 'hidden'],
    ['pretraining', 10, 1e-4, 256, 'hidden'],
    ['pretraining of TinyBERT6', 3, 1e-4, 256, 'hidden'],
    ['glue', 10, 5e-5, 32, 'hidden and predictions'],
    ['cola', 50, 5e-5, 32, 'hidden and predictions'],
    ['squad', 10, 1e-4, 32, 'hidden and predictions'],
  ]);
});

/** Rows of tokens, segments and padding. */
async function rowsOf({ tokens, targets }: { tokens: tf.Tensor2D; targets: tf.Tensor2D }, length: number) {
  const values = Array.from(await tokens.data());
  tf.dispose([tokens, targets]);
  return Array.from({ length: values.length / (3 * length) }, (_, row) =>
    [0, 1, 2].map((part) => values.slice((3 * row + part) * length, (3 * row + part + 1) * length)),
  ) as [number[], number[], number[]][];
}

describe('batches of text', () => {
  const text = pretrainingText(TEXT, tokenizer);
  const base = { text, tokenizer, batchSize: 16, length: 10, seed: 5 };
  const { classification, separator, mask } = tokenizer.special;
  const all = text.documents.flatMap((document) => [...document]);
  /** Which documents these tokens stand in, one after the other. */
  const holding = (tokens: number[]) =>
    text.documents.flatMap((document, i) =>
      ` ${document.join(' ')} `.includes(` ${tokens.join(' ')} `) ? [i] : [],
    );

  it('are pieces of the running text, in two parts, without padding', async () => {
    expect(text.documents).toHaveLength(4);
    expect(text.size).toBe(all.length);
    for (const [tokens, segments, padding] of await rowsOf(textBatches(base).at(0), 10)) {
      expect(padding).toEqual(new Array(10).fill(0));
      const cut = tokens.indexOf(separator);
      expect([tokens[0], tokens.at(-1)]).toEqual([classification, separator]);
      expect(segments).toEqual(tokens.map((_, i) => Number(i > cut)));
      const words = tokens.filter((token) => token !== classification && token !== separator);
      expect(words).toHaveLength(7);
      expect(all.join(' ')).toContain(words.join(' '));
    }
  });

  it('or pairs of different documents, cut at random ends until they fit', async () => {
    const rows = await rowsOf(textBatches({ ...base, layout: 'random pairs' }).at(0), 10);
    for (const [tokens, segments, padding] of rows) {
      const own = (segment: number) =>
        tokens.filter(
          (token, i) => segments[i] === segment && padding[i] === 0 && token > tokenizer.special.mask,
        );
      const [first, second] = [0, 1].map((segment) => holding(own(segment))) as [number[], number[]];
      expect(first.some((document) => second.some((other) => other !== document))).toBe(true);
    }
  });

  it('of pairs have each document once in front in each epoch', async () => {
    const batches = textBatches({ ...base, layout: 'random pairs', batchSize: 2, length: 40 }); // nothing is cut
    expect([batches.size, stepsOf(batches, 3)]).toEqual([4, 6]);
    const orders: string[] = [];
    for (const epoch of [0, 1, 2]) {
      const rows = [
        ...(await rowsOf(batches.at(2 * epoch), 40)),
        ...(await rowsOf(batches.at(2 * epoch + 1), 40)),
      ];
      const fronts = rows.map(([tokens]) => tokens.slice(1, tokens.indexOf(separator)).join(' '));
      expect([...fronts].sort()).toEqual(text.documents.map((document) => document.join(' ')).sort());
      orders.push(fronts.join());
    }
    expect(new Set(orders).size).toBeGreaterThan(1);
  });

  it('depend on step and seed alone, and mask on request', async () => {
    const at = (step: number, change = {}) => rowsOf(textBatches({ ...base, ...change }).at(step), 10);
    expect(await at(3)).toEqual(await at(3));
    expect(await at(3)).not.toEqual(await at(4));
    expect(await at(3)).not.toEqual(await at(3, { seed: 6 }));
    const masks = (rows: [number[], number[], number[]][]) =>
      rows.flatMap(([tokens]) => tokens).filter((token) => token === mask).length;
    expect(masks(await at(3))).toBe(0);
    expect(masks(await at(3, { masked: 0.4 }))).toBeGreaterThan(16); // about 16 · 3 · 0.8
  });

  it('refuse a text without words, and lengths without room', () => {
    expect(() => pretrainingText(' \n\n', tokenizer)).toThrow('holds no words');
    expect(() => textBatches({ ...base, length: 4 })).toThrow(UserError);
    expect(stepsOf(textBatches(base), 1)).toBe(1);
  });
});

it('batches of examples go through all of them in each epoch', async () => {
  const batches = exampleBatches({ examples: reviews, batchSize: 8, seed: 1, targetType: 'int32' });
  expect([batches.size, stepsOf(batches, 2)]).toEqual([24, 6]);
  const seen = (await Promise.all([0, 1, 2].map((step) => rowsOf(batches.at(step), LENGTH)))).flat();
  const expected = Array.from({ length: reviews.size }, (_, i) => [...reviews.at(i).tokens].join());
  expect(seen.map(([tokens]) => tokens.join()).sort()).toEqual(expected.sort());
});
