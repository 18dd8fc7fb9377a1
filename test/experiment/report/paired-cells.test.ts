import { describe, expect, it } from 'vitest';
import { metricKind } from '../../../src/experiment/report/metric-kind.ts';
import { pairCells } from '../../../src/experiment/report/paired-cells.ts';

const cell = (id: string, settings: object, result: unknown) => ({ cell: { id, ...settings }, result });

describe('pairCells', () => {
  it('calls results the same that differ in their timings only', () => {
    const one = [cell('x', { seed: 0 }, { loss: 1, stepsPerSecond: 5, curve: [{ step: 1, ms: 3 }] })];
    const two = [cell('x', { seed: 0 }, { loss: 1, stepsPerSecond: 6, curve: [{ step: 1, ms: 4 }] })];
    expect(pairCells(one, two)).toMatchObject({ shared: 1, identical: 1 });
    const other = [cell('x', { seed: 0 }, { loss: 1 + Number.EPSILON, stepsPerSecond: 5 })];
    expect(pairCells(one, other)).toMatchObject({ shared: 1, identical: 0 });
  });

  it('pairs by settings and seed whatever the ids are, and cells without a seed by their id', () => {
    const one = [cell('a', { rate: 1, seed: 3 }, 5), cell('plain', { rate: 1 }, { value: 1 })];
    const two = [cell('b', { rate: 1, seed: 3 }, 7), cell('plain', { rate: 1 }, { value: 3 })];
    const { metrics, shared } = pairCells(one, two);
    expect(shared).toBe(2);
    expect(metrics.map(({ group, metric, difference }) => [group, metric, difference.mean])).toEqual([
      ['rate 1', 'result', 2],
      ['plain', 'value', 2],
    ]);
    // One pair alone has neither interval nor p.
    expect(metrics[0]?.difference.high).toBeNaN();
    expect(metrics[0]?.adjusted).toBeNaN();
  });

  it('leaves out a number that one of the two does not have', () => {
    const one = [cell('x', { seed: 0 }, { loss: 1, extra: 1 }), cell('y', { seed: 1 }, { loss: 2 })];
    const two = [cell('x', { seed: 0 }, { loss: 2 }), cell('y', { seed: 1 }, { loss: 4, extra: 2 })];
    expect(pairCells(one, two).metrics.map(({ metric, difference }) => [metric, difference.n])).toEqual([
      ['loss', 2],
    ]);
  });
});

describe('metricKind', () => {
  it.each([
    ['came.native.ms', 'time'],
    ['D128.eager.minimumMs', 'time'],
    ['came.native.nsPerParameter', 'time'],
    ['seconds', 'time'],
    ['adamw.stepsPerSecond', 'rate'],
    ['D256.speedup.eager', 'rate'],
    ['D256.peakShare', 'rate'],
    ['matmul.jax.gflops', 'rate'],
    ['bandwidth.sum.gbps', 'rate'],
    ['D128.captured.madMs', 'noise'],
    ['machine.othersShare', 'noise'],
    ['adamw.rss.growthShare', 'noise'],
    ['native.weightDifference.eager', 'noise'],
    ['D128.wasm.threads', 'noise'],
    ['came.loss', 'value'],
    ['difference', 'value'],
    ['stateShare', 'value'],
    ['came.stateBytes', 'value'],
    ['parameters', 'value'],
    ['steps', 'value'],
  ])('%s is a %s', (name, kind) => {
    expect(metricKind(name)).toBe(kind);
  });
});
