import { expect, it } from 'vitest';
import { findGlueTask, glueScores } from '../../../src/data/glue/index.ts';

const PREDICTIONS = [1, 0, 1, 1, 0, 0, 1, 0];
const LABELS = [1, 0, 0, 1, 0, 1, 1, 1];

// Golden check 22 of EfficientBERT, from scikit-learn and SciPy.
it('over the whole set', () => {
  const { metrics, selection } = glueScores(findGlueTask('mrpc'), PREDICTIONS, LABELS);
  expect(metrics.accuracy).toBeCloseTo(0.625, 12);
  expect(metrics.f1).toBeCloseTo(0.66666667, 8);
  expect(selection).toBeCloseTo((0.625 + 2 / 3) / 2, 12);
  expect(glueScores(findGlueTask('cola'), PREDICTIONS, LABELS).metrics.matthews).toBeCloseTo(0.25819889, 8);
});

it('batch by batch, as the authors have them', () => {
  expect(glueScores(findGlueTask('cola'), PREDICTIONS, LABELS, 4).metrics.matthews).toBeCloseTo(0.4553418, 7);
  expect(glueScores(findGlueTask('mrpc'), PREDICTIONS, LABELS, 4).metrics.f1).toBeCloseTo(0.65, 12);
});

it('of STS-B, with and without ties', () => {
  const predictions = [1, 2.5, 3, 4.9, 0.1];
  const { metrics, selection } = glueScores(findGlueTask('sts-b'), predictions, [1.2, 2, 3.5, 5, 0]);
  expect(metrics.pearson).toBeCloseTo(0.98234095, 8);
  expect(metrics.spearman).toBeCloseTo(1, 12);
  expect(selection).toBeCloseTo(0.99117047, 8);
  const tied = glueScores(findGlueTask('sts-b'), predictions, [1.2, 2, 3.5, 5, 2]).metrics;
  expect(tied.pearson).toBeCloseTo(0.87939555, 8);
  expect(tied.spearman).toBeCloseTo(0.82078268, 8);
});

it('are 0 where a side has one value only', () => {
  expect(glueScores(findGlueTask('cola'), [1, 1], [0, 1]).metrics.matthews).toBe(0);
  expect(glueScores(findGlueTask('mrpc'), [0, 0], [0, 0]).metrics.f1).toBe(0);
  expect(glueScores(findGlueTask('sts-b'), [1, 1], [0, 1]).metrics).toEqual({ pearson: 0, spearman: 0 });
});

it('refuses lists of different lengths', () => {
  expect(() => glueScores(findGlueTask('cola'), [1], [])).toThrow('1 predictions for 0 labels');
});
