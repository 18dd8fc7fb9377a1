import { describe, expect, it } from 'vitest';
import { contestantTitles } from '../../benchmarks/came-optimizer-memory/config.ts';
import { nameCells } from '../../benchmarks/came-step-time/cells.ts';
import { BARS } from '../../benchmarks/came-step-time/claim.ts';
import {
  check,
  type OptimizerName,
  presets,
  type StepTimeConfig,
} from '../../benchmarks/came-step-time/config.ts';
import { entrantsOf, IN_PLACE, loopEntrantsOf, whyAbsent } from '../../benchmarks/came-step-time/entrants.ts';
import { outcome } from '../../benchmarks/came-step-time/outcome.ts';
import type { StepTimeCell, StepTimeResult, TimedResult } from '../../benchmarks/came-step-time/results.ts';
import { weightsOf } from '../../benchmarks/came-step-time/sizes.ts';
import { cameStepTime } from '../../benchmarks/came-step-time.ts';
import { BERT_BASE_PARAMETERS, countElements } from '../../benchmarks/step-timing/shapes.ts';
import { metricKind } from '../../src/experiment/report/metric-kind.ts';
import { summarise } from '../../src/experiment/timer.ts';
import { runQuietly } from '../support/run-quietly.ts';

const optimizers = Object.keys(contestantTitles) as OptimizerName[];

describe('nameCells', () => {
  it('has every optimizer at every size in paper, and what the claim is about first', () => {
    const cells = nameCells(presets.paper);
    expect(cells.slice(0, 7).map(({ id }) => id)).toEqual([
      'bert-came',
      'bandwidth',
      'training',
      'loops-wasm-came',
      'loops-wasm-adamw',
      'loops-js-came',
      'loops-js-adamw',
    ]);
    for (const size of ['bert', '100x16x16', '1024x1024', '2048x4096']) {
      const found = cells.flatMap((cell) =>
        cell.kind === 'step' && cell.size === size ? [cell.optimizer] : [],
      );
      expect(found.sort()).toEqual([...optimizers].sort());
    }
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
  });
});

describe('weightsOf', () => {
  it("has BERT-Base's parameters with embeddings that Muon leaves alone, and the matrices of the issue", () => {
    const bert = weightsOf('bert', presets.laptop);
    expect(countElements(bert.shapes)).toBe(BERT_BASE_PARAMETERS);
    expect(bert.names.filter((name) => /embed|pooler/.test(name))).toHaveLength(5);
    expect(new Set(bert.names).size).toBe(199);
    expect(weightsOf('100x16x16', presets.laptop).shapes).toEqual(Array(100).fill([16, 16]));
    expect(weightsOf('2048x4096', presets.laptop).shapes).toEqual([[2048, 4096]]);
  });
});

describe('entrants', () => {
  it('are the forms that the optimizer has, and PyTorch beside CAME and AdamW', () => {
    expect(entrantsOf('lion').map(({ name }) => name)).toEqual(['captured', 'eager']);
    expect(entrantsOf('came').map(({ name }) => name)).toEqual([
      'in-place',
      'in-place-captured',
      'captured',
      'eager',
      'adamw-captured',
      'authors',
      'adamw-fused',
    ]);
    expect(entrantsOf('adamw').map(({ name }) => name)).toContain('adamw-single');
    expect(loopEntrantsOf('came').map(({ name }) => name)).toEqual(['in-place', 'eager']);
  });

  it('are absent for a reason', () => {
    const why = (name: string, backend: 'tensorflow' | 'wasm' | 'webgpu', parameters = 256) => {
      const entrant = entrantsOf('came').find((one) => one.name === name);
      if (entrant === undefined) throw new Error(`no ${name}`);
      return whyAbsent(entrant, { name: backend, nativeKernels: false }, parameters, undefined);
    };
    expect(why('eager', 'tensorflow')).toBeUndefined();
    expect(why('captured', 'tensorflow')).toBeUndefined();
    expect(why('in-place', 'wasm')).toBeUndefined();
    expect(why('in-place', 'tensorflow')).toBe('there are no kernels of ours on tensorflow here');
    expect(why('in-place', 'webgpu')).toBe('there are no kernels of ours on webgpu here');
    expect(why('captured', 'wasm')).toBe('wasm captures nothing');
    expect(why('eager', 'wasm', BERT_BASE_PARAMETERS)).toBe('109,482,240 parameters are too many for wasm');
    expect(why('authors', 'tensorflow')).toBe('no --peers');
  });
});

describe('check', () => {
  it('names what does not exist, and its neighbours', () => {
    const bert = { ...presets.smoke.bert, optimizers: ['came', 'lyon'] };
    expect(() => check({ ...presets.smoke, bert })).toThrow(
      /bert.optimizers: there is no lyon. Did you mean lion/,
    );
    const loops = { ...presets.smoke.loops, backends: ['webgpu'] };
    expect(() => check({ ...presets.smoke, loops })).toThrow('loops.backends: there is no webgpu');
    const matrices = { odd: { tensors: 2, shape: [3], optimizers: ['came'] } };
    expect(() => check({ ...presets.smoke, matrices })).toThrow('matrices.odd.shape must be two lengths');
    expect(() => check({ ...presets.smoke, rounds: 0 })).toThrow('rounds must be a positive integer, got 0');
  });
});

/** Contestants with these times, as a cell stores them. */
function timed(times: Readonly<Record<string, readonly [OptimizerName, number]>>, valid = true): TimedResult {
  const entries = Object.entries(times);
  return {
    contestants: entries.map(([name, [rule]]) => ({
      name,
      rule,
      stateBytes: 4 * BERT_BASE_PARAMETERS,
      version: 'tensorflow 2.21.0',
      threads: 2,
    })),
    comparison: {
      timings: Object.fromEntries(entries.map(([name, [, ms]]) => [name, summarise([ms])])),
      samples: entries.map(([contestant, [, ms]]) => ({
        contestant,
        round: 0,
        ms,
        others: 0.01,
        disturbed: !valid,
      })),
      valid,
      others: 0.01,
    },
    differences: [],
    absences: {},
  };
}

/** A run of the claim's cells in which everything but `changes` just meets its bar. */
function claimed(changes: { readonly inPlace?: number; readonly busy?: string } = {}): StepTimeResult[] {
  const step = (size: string, optimizer: OptimizerName) =>
    ({ id: `${size}-${optimizer}`, kind: 'step', size, optimizer }) as const;
  const loops = (backend: 'wasm' | 'js') =>
    ({ id: `loops-${backend}-came`, kind: 'loops', backend, optimizer: 'came' }) as const;
  const usable = (id: string) => id !== changes.busy;
  return [
    {
      cell: step('bert', 'came'),
      parameters: BERT_BASE_PARAMETERS,
      ...timed(
        {
          'in-place': ['came', changes.inPlace ?? 90],
          captured: ['came', 400],
          'adamw-captured': ['adamw', 250],
          authors: ['came', 800],
          'adamw-fused': ['adamw', 60],
        },
        usable('bert-came'),
      ),
    },
    { cell: { id: 'bandwidth', kind: 'bandwidth' }, ours: { copy: 20 }, torch: { triad: 60, sum: 100 } },
    {
      cell: { id: 'training', kind: 'training' },
      parameters: 0,
      ...timed({ came: ['came', 103], adamw: ['adamw', 100] }),
    },
    { cell: loops('wasm'), parameters: 25600, ...timed({ 'in-place': ['came', 4], eager: ['came', 20] }) },
    { cell: loops('js'), parameters: 25600, ...timed({ 'in-place': ['came', 2], eager: ['came', 20] }) },
    {
      cell: step('1024x1024', 'lion'),
      parameters: 2 ** 20,
      ...timed({ eager: ['lion', 9] }, usable('1024x1024-lion')),
    },
  ];
}

const judged = (results: readonly StepTimeResult[], config: StepTimeConfig = presets.laptop) =>
  outcome({ config }, results);

describe('outcome', () => {
  it('meets the claim where every bar is just met', async () => {
    const { verdict, metrics, tables, charts, rows } = await judged(claimed());
    expect(verdict).toBe('met');
    for (const { metric } of BARS) expect(metrics[metric], metric).toBeGreaterThan(0);
    // 32 bytes × 109,482,240 parameters in 90 ms are 38.9 GB/s.
    expect(metrics['bert.came.in-place.triadBandwidthShare']).toBeCloseTo(38.927 / 60, 4);
    expect(metrics['bert.came.in-place.bandwidthShare']).toBeCloseTo(38.927 / 100, 4);
    expect(metrics['bert.came.in-place.speedup.authors']).toBeCloseTo(800 / 90, 10);
    expect(metrics['1024x1024.lion.eager.stateBytesPerParameter']).toBeGreaterThan(0);
    expect(tables.map(({ title }) => title)).toEqual([
      "One step of CAME over BERT's 109,482,240 parameters, and who is beside it",
      "One step over BERT's weights, 109,482,240 parameters",
      'One step over 1024x1024, 1,048,576 parameters',
      'One training step, D256 L4 T128 B8',
      'In-place loops in JavaScript, 25,600 parameters in small matrices',
    ]);
    expect(charts.map(({ name }) => name)).toEqual(['came-step-time-bert', 'came-step-time-1024x1024']);
    expect(rows).toHaveLength(12);
  });

  it('fails where CAME is too slow, and says nothing where the machine was busy or the sizes are small', async () => {
    const slow = await judged(claimed({ inPlace: 97 }));
    expect(slow.verdict).toBe('not met');
    expect(slow.reason).toMatch('Missed: bert.came.in-place.speedup.authors 8.25');
    expect(slow.reason).toMatch('bert.came.in-place.speedup.adamw-fused 0.619');
    const busy = await judged(claimed({ busy: 'bert-came' }));
    expect(busy.verdict).toBe('not tested');
    expect(busy.reason).toMatch('The machine was busy in bert-came');
    const { loops } = presets.smoke;
    expect((await judged(claimed(), { ...presets.laptop, loops })).reason).toMatch(
      'about loops over 100 tensors',
    );
    const { training } = presets.smoke;
    expect((await judged(claimed(), { ...presets.laptop, training })).reason).toMatch('width 256');
  });

  it('keeps the claim where only a cell beside it was disturbed, and warns', async () => {
    const { verdict, warnings } = await judged(claimed({ busy: '1024x1024-lion' }));
    expect(verdict).toBe('met');
    expect(warnings).toEqual(['The machine was busy, and the times are not valid, of 1024x1024-lion.']);
  });

  it('says which bars were not measured', async () => {
    const { verdict, reason } = await judged(claimed().filter(({ cell }) => cell.kind !== 'bandwidth'));
    expect(verdict).toBe('not tested');
    expect(reason).toMatch('Not measured: bert.came.in-place.triadBandwidthShare.');
  });

  it('has names that tell timings from values that must be the same', async () => {
    const { metrics } = await judged(claimed());
    const values = Object.keys(metrics).filter((name) => metricKind(name) === 'value');
    for (const name of values) expect(name).toMatch(/\.(parameters|stateBytesPerParameter)$/);
  });
});

describe('run came-step-time', () => {
  it('steps with every optimizer and every form to the same weights, and claims nothing from a smoke test', async () => {
    const { outcome: found, backend } = await runQuietly(cameStepTime);
    const { metrics, warnings } = found;
    expect(found.verdict).toBe('not tested');
    for (const name of optimizers) expect(metrics[`3x16x16.${name}.eager.ms`]).toBeGreaterThan(0);
    expect(metrics['loops.wasm.came.speedup']).toBeGreaterThan(1);
    expect(metrics['loops.js.came.speedup']).toBeGreaterThan(1);
    expect(metrics['bandwidth.ours.copy.gbps']).toBeGreaterThan(0);
    expect(warnings).toContain(
      'Not measured: authors, adamw-fused, adamw-foreach, adamw-single: no --peers.',
    );
    // M, and r, c, R and C of each matrix of 16×16: 256 + 4·16 floats of 256.
    expect(metrics['3x16x16.came.eager.stateBytesPerParameter']).toBe(5);
    expect(metrics['3x16x16.adamw.eager.stateBytesPerParameter']).toBe(8);
    for (const value of Object.values(metrics)) expect(Number.isFinite(value)).toBe(true);
    if (!backend.name.startsWith('tensorflow')) return;
    for (const name of optimizers) {
      expect(metrics[`3x16x16.${name}.captured.ms`]).toBeGreaterThan(0);
      // The same operations in a graph, which TensorFlow may fuse: a few roundings of 6e-8.
      const reference = IN_PLACE.has(name) && backend.nativeKernels ? 'in-place' : 'captured';
      expect(metrics[`3x16x16.${name}.${reference}.weightDifference.eager`]).toBeLessThan(2e-6);
    }
    expect(metrics['training.came.speedup.adamw']).toBeGreaterThan(0);
    if (!backend.nativeKernels) return;
    // Native kernels divide and take roots in another order.
    for (const other of ['in-place-captured', 'captured', 'eager']) {
      expect(metrics[`bert.came.in-place.weightDifference.${other}`]).toBeLessThan(2e-6);
    }
  }, 240_000);
});

it('names cells of every kind', () => {
  const kinds = new Set(nameCells(presets.smoke).map(({ kind }: StepTimeCell) => kind));
  expect([...kinds].sort()).toEqual(['bandwidth', 'loops', 'step', 'training']);
});
