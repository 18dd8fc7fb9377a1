import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { formalBatch } from '../../benchmarks/cdape-formal-languages/batches.ts';
import { formalCells } from '../../benchmarks/cdape-formal-languages/cells.ts';
import { check, type FormalConfig, presets } from '../../benchmarks/cdape-formal-languages/config.ts';
import { outcome } from '../../benchmarks/cdape-formal-languages/outcome.ts';
import type { FormalResult } from '../../benchmarks/cdape-formal-languages/result.ts';
import { makeEncoder } from '../../benchmarks/cdape-formal-languages/start-cells.ts';
import { testTask } from '../../benchmarks/cdape-formal-languages/test-task.ts';
import type { SequenceModel } from '../../benchmarks/cdape-training/last-positions.ts';
import { lastPositions } from '../../benchmarks/cdape-training/last-positions.ts';
import { useBackend } from '../../src/backends/index.ts';
import { formalTask } from '../../src/data/formal-languages/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStream, RandomStreams } from '../../src/random/index.ts';

const { smoke, laptop, paper } = presets;
const { signal } = new AbortController();

beforeAll(() => useBackend('cpu'));

describe('the encoder', () => {
  const make = (
    encoding: 'none' | 'cdape-kerple' | 'rope',
    config: FormalConfig,
    task: 'even_pairs' | 'bucket_sort',
  ) => makeEncoder({ task, encoding, seed: 0 }, config, new RandomStreams(0));

  it('has the parameters of the authors’ Transformer, and CDAPE’s', () => {
    const count = (encoding: 'none' | 'cdape-kerple') => {
      const model = make(encoding, paper, 'even_pairs');
      const parameters = countParameters(model);
      model.dispose();
      return parameters;
    };
    expect(count('none')).toBe(248_962);
    expect(count('cdape-kerple')).toBe(248_962 + 11_800);
  });

  it('sees both sides, unless it is to be causal', async () => {
    for (const causal of [false, true]) {
      const model = make('cdape-kerple', { ...smoke, causal }, 'bucket_sort');
      const first = async (tokens: number[]) => {
        const scores = (await model.logits(tf.tensor2d([tokens], [1, 5], 'int32')).array()) as number[][][];
        return scores[0]?.[0] as number[];
      };
      const [one, other] = [await first([1, 2, 3, 4, 5]), await first([1, 2, 3, 4, 0])];
      const apart = Math.max(...one.map((score, at) => Math.abs(score - (other[at] as number))));
      if (causal) expect(apart).toBe(0);
      else expect(apart).toBeGreaterThan(1e-4);
      model.dispose();
    }
  });

  it('without positions cannot tell one order from another', async () => {
    const model = make('none', smoke, 'bucket_sort');
    const last = async (tokens: number[]) =>
      (
        (await model.logits(tf.tensor2d([tokens], [1, 5], 'int32')).array()) as number[][][]
      )[0]?.[4] as number[];
    const [one, other] = [await last([0, 1, 2, 3, 5]), await last([3, 1, 0, 2, 5])];
    for (const [at, score] of one.entries()) expect(score).toBeCloseTo(other[at] as number, 5);
    model.dispose();
  });

  it('trains every weight, and leaks nothing', async () => {
    const model = make('cdape-kerple', smoke, 'bucket_sort');
    const variables = model.parameters().map(({ variable }) => variable);
    const batch = formalBatch(formalTask('bucket_sort'), 6, 4, RandomStream.fromSeed(0, 'x'));
    const before = tf.memory().numTensors;
    const loss = () => lastPositions(model).loss(batch.tokens, batch.targets, { training: true });
    const { value, grads } = tf.variableGrads(loss, variables);
    expect((await value.data())[0]).toBeCloseTo(Math.log(5), 0);
    expect(Object.keys(grads)).toHaveLength(variables.length);
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    tf.dispose({ ...batch });
  });
});

it('a batch has as many empty tokens after the input as the output is long', async () => {
  const batch = formalBatch(formalTask('stack_manipulation'), 4, 3, RandomStream.fromSeed(0, 'x'));
  const tokens = await batch.tokens.array();
  expect(batch.tokens.shape).toEqual([3, 9]);
  expect(batch.targets.shape).toEqual([3, 5]);
  for (const row of tokens) {
    expect(row.slice(4)).toEqual([5, 5, 5, 5, 5]);
    expect(row.slice(0, 4).every((token) => token < 5)).toBe(true);
  }
  // A length that the task shortens.
  expect(
    formalBatch(formalTask('modular_arithmetic'), 4, 1, RandomStream.fromSeed(0, 'x')).tokens.shape,
  ).toEqual([1, 4]);
});

it('a model that always says 0 has about half of the bits right', async () => {
  const zero: SequenceModel = {
    logits: (tokens) => tf.oneHot(tf.zerosLike(tokens), 2).toFloat() as tf.Tensor3D,
    parameters: () => [],
    dispose() {},
  };
  const config = { ...smoke, testSequences: 100 };
  const tests = await testTask(zero, { task: 'reverse_string', seed: 1 }, config, signal);
  expect(tests.map(({ length, counted }) => [length, counted])).toEqual([
    [6, 600],
    [8, 800],
    [12, 1200],
  ]);
  for (const { right, counted } of tests) expect(Math.abs(right / counted - 0.5)).toBeLessThan(0.1);
});

describe('the verdict', () => {
  const config: FormalConfig = {
    ...laptop,
    encodings: ['cdape-kerple', 'kerple', 'rope'],
    testLengths: [30, 40],
  };
  /** Right of 100 at both lengths of the test, by task and encoding, one number for each seed. */
  function judged(table: Record<string, Record<string, number[]>>, preset: 'laptop' | 'smoke' = 'laptop') {
    const tasks = Object.keys(table);
    const results = new Map<string, FormalResult>();
    for (const [task, own] of Object.entries(table))
      for (const [encoding, rights] of Object.entries(own))
        for (const [seed, right] of rights.entries()) {
          const at = (length: number, given: number) => ({ length, right: given, counted: 100 });
          const tests = [at(20, 100), at(30, right), at(40, right - 10)];
          const rest = { diverged: null, curve: [], secondsPerStep: 0.1, parameters: 5 };
          results.set(`${task}-${encoding}-seed${seed}`, { ...rest, tests });
        }
    return outcome({ config: { ...config, tasks }, seeds: [0, 1], preset }, results);
  }
  const good = { 'cdape-kerple': [90, 80], kerple: [60, 70], rope: [50, 50] };

  it('is met where enough tasks are won, and tells where another is best', () => {
    const { verdict, reason, metrics, tables, charts } = judged({
      even_pairs: good,
      parity_check: good,
      reverse_string: { ...good, rope: [99, 99] },
      bucket_sort: { ...good, kerple: [99, 99] },
    });
    expect(verdict).toBe('met');
    expect(reason).toContain('on 3 of 4 tasks');
    expect(reason).toContain('It is not on bucket_sort.');
    expect(reason).toContain('best on reverse_string (RoPE), bucket_sort (Kerple)');
    expect(metrics['even_pairs.cdape-kerple.beyond']).toBeCloseTo(0.8, 12);
    expect(metrics['even_pairs.cdape-kerple.best']).toBeCloseTo(0.85, 12);
    expect(metrics['even_pairs.chance']).toBe(0.5);
    expect(tables[0]?.rows[3]?.slice(-2)).toEqual([20, 87.9]);
    expect(charts.map(({ name }) => name)).toContain('bucket-sort');
  });

  it('is not met where too few are', () => {
    const bad = { ...good, kerple: [90, 80] };
    expect(judged({ even_pairs: good, reverse_string: bad }).verdict).toBe('not met');
  });

  it('is not tested at smoke size', () => {
    expect(judged({ even_pairs: good }, 'smoke').verdict).toBe('not tested');
  });
});

describe('settings', () => {
  it('of all presets are good', () => {
    for (const preset of Object.values(presets)) expect(() => check(preset)).not.toThrow();
  });

  it('that cannot be are refused by name', () => {
    const refuse = (change: Partial<FormalConfig>) => expect(() => check({ ...laptop, ...change }));
    refuse({ tasks: ['even_pair'] }).toThrow(/no 'even_pair'. Did you mean even_pairs/);
    refuse({ testLengths: [20, 30] }).toThrow(/testLengths must be above 20/);
    refuse({ dropout: 1 }).toThrow(/dropout must be at least 0 and below 1/);
    refuse({ encodings: ['learned'], maxLength: 199 }).toThrow(/maxLength must be at least 200 for learned/);
    refuse({ encodings: ['rope'], maxLength: 199 }).not.toThrow();
    refuse({ encodings: ['all'] }).toThrow(/encodings must be without cope, .* or causal true/);
    refuse({ encodings: ['all'], causal: true }).not.toThrow();
    refuse({ method: 'cdape' }).toThrow(/there is no 'cdape'/);
  });

  it('name cells by task, encoding and seed', () => {
    const ids = formalCells(smoke, [4]).map(({ id }) => id);
    expect(ids).toEqual([
      'even_pairs-cdape-kerple-seed4',
      'even_pairs-kerple-seed4',
      'stack_manipulation-cdape-kerple-seed4',
      'stack_manipulation-kerple-seed4',
    ]);
    expect(formalCells({ ...laptop, tasks: ['all'] }, [0])).toHaveLength(15 * 6);
  });
});
