import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CAME, type CameGroupRule } from '../../methods/came/index.ts';
import { LanguageModel, matchParameters } from '../../src/nn/index.ts';
import { AdamW, type GroupRule, noDecayForVectors } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { variableOf } from './stepper.ts';

/** Values of variables `names` after one step with ones as gradients. */
async function afterOneStep(
  names: readonly string[],
  make: () => AdamW | CAME,
  shape: readonly number[] = [2, 2],
): Promise<number[][]> {
  const variables = names.map((name) => variableOf([1, 2, 3, 4], shape, name));
  const gradients = variables.map((variable) => ({ name: variable.name, tensor: tf.onesLike(variable) }));
  const optimizer = make();
  optimizer.applyGradients(gradients);
  const values = await Promise.all(variables.map(async (variable) => Array.from(await variable.data())));
  optimizer.dispose();
  tf.dispose([variables, gradients]);
  return values;
}

describe('groups', () => {
  it('the first rule that matches counts, and what it leaves open is as without it', async () => {
    const groups: GroupRule[] = [
      { match: /embedding/, learningRateScale: 0 },
      { match: /^g/g, weightDecay: 0.5 },
      { match: /./, learningRateScale: 2 },
    ];
    const make = () => new AdamW({ learningRate: 0.1, weightDecay: 0, groups });
    const [frozen, decayed, again, fast] = await afterOneStep(
      ['g/embedding', 'g/kernel', 'g/other', 'kernel'],
      make,
    );
    const plain = (
      await afterOneStep(['x'], () => new AdamW({ learningRate: 0.1, weightDecay: 0 }))
    )[0] as number[];
    const withDecay = await afterOneStep(['y'], () => new AdamW({ learningRate: 0.1, weightDecay: 0.5 }));
    const twice = await afterOneStep(['z'], () => new AdamW({ learningRate: 0.2, weightDecay: 0 }));
    expect(frozen).toEqual([1, 2, 3, 4]);
    expect(decayed).toEqual(withDecay[0]);
    expect(again).toEqual(withDecay[0]); // the flag g does not make a pattern skip
    expect(fast).toEqual(twice[0]);
    expect(plain).not.toEqual(fast);
  });

  it('noDecayForVectors leaves vectors as without decay', async () => {
    const make = (weightDecay: number, groups: GroupRule[]) => () =>
      new AdamW({ learningRate: 0.1, weightDecay, groups });
    const vector = await afterOneStep(['v'], make(0.5, [noDecayForVectors]), [4]);
    expect(vector).toEqual(await afterOneStep(['v2'], make(0, []), [4]));
    const matrix = await afterOneStep(['m'], make(0.5, [noDecayForVectors]));
    expect(matrix).toEqual(await afterOneStep(['m2'], make(0.5, [])));
  });

  it('CAME: factorization and confidence by group', async () => {
    const groups: CameGroupRule[] = [
      { match: /^a/, factorization: 'none' },
      { match: /^b/, confidence: false },
    ];
    const options = { learningRate: 0.1 };
    const [a, b, c] = await afterOneStep(['a', 'b', 'c'], () => new CAME({ ...options, groups }));
    expect(a).toEqual((await afterOneStep(['x'], () => new CAME({ ...options, factorization: 'none' })))[0]);
    expect(b).toEqual((await afterOneStep(['y'], () => new CAME({ ...options, confidence: false })))[0]);
    expect(c).toEqual((await afterOneStep(['z'], () => new CAME(options)))[0]);
    expect(b).not.toEqual(c);
  });

  it('find parameters of our own models by their names', async () => {
    const model = new LanguageModel(
      { vocabulary: 5, contextLength: 4, width: 4, layers: 1, heads: 2 },
      new RandomStreams(0),
    );
    const groups = [{ match: matchParameters(model, /norm/i), learningRateScale: 0 }];
    const optimizer = new AdamW({ learningRate: 0.1, weightDecay: 0, groups });
    const before = await Promise.all(model.parameters().map(({ variable }) => variable.data()));
    const gradients = Object.fromEntries(
      model.parameters().map(({ variable }) => [variable.name, tf.onesLike(variable)]),
    );
    optimizer.applyGradients(gradients);
    for (const [k, { name, variable }] of model.parameters().entries()) {
      const moved = (await variable.data()).some((value, i) => value !== before[k]?.[i]);
      expect({ name, moved }).toEqual({ name, moved: !/norm/i.test(name) });
    }
    optimizer.dispose();
    model.dispose();
    tf.dispose(gradients);
  });

  it('survive a saved configuration, patterns with underscores too', async () => {
    const groups: CameGroupRule[] = [
      { match: /layer_norm|Bias_1/i, weightDecay: 0, factorization: 'merge' },
      noDecayForVectors,
    ];
    const optimizer = new CAME({
      learningRate: 0.1,
      weightDecay: 0.1,
      globalClipNorm: 2,
      clipValue: 3,
      groups,
    });
    const saved = JSON.parse(JSON.stringify(optimizer.getConfig()));
    const loaded = CAME.fromConfig(CAME as unknown as tf.serialization.SerializableConstructor<CAME>, saved);
    expect(loaded.options).toEqual(optimizer.options);
  });

  it.each([
    [{ match: /x/, wd: 1 }, "groups[0] has no key 'wd' (got 1)"],
    [{ match: 'x' }, 'groups[0].match must be a RegExp'],
    [{ match: /x/, weightDecay: -1 }, 'groups[0].weightDecay must be at least 0; got -1'],
    [
      { match: /x/, learningRateScale: Number.NaN },
      'groups[0].learningRateScale must be at least 0; got NaN',
    ],
    [{ match: /x/, factorization: 'rows' }, 'groups[0].factorization must be one of'],
    [{ match: /x/, confidence: 'no' }, 'groups[0].confidence must be one of'],
    [null, 'groups[0] must be a rule'],
  ])('refuses %o', (rule, message) => {
    expect(() => new CAME({ learningRate: 0.1, groups: [rule as never] })).toThrow(message);
  });

  it('refuses what only another optimizer’s groups have', () => {
    const groups = [{ match: /x/, confidence: false } as GroupRule];
    expect(() => new AdamW({ groups })).toThrow("AdamW: groups[0] has no key 'confidence'");
  });
});

describe('clipping', () => {
  const gradients = (variables: readonly tf.Variable[], scale: number) =>
    Object.fromEntries(
      variables.map((variable, k) => [variable.name, tf.fill(variable.shape, scale * (k + 1))] as const),
    );

  it.each(['AdamW', 'CAME'] as const)(
    '%s: by global norm is the step with scaled gradients',
    async (name) => {
      const make = (globalClipNorm?: number) =>
        name === 'AdamW'
          ? new AdamW({ learningRate: 0.1, ...(globalClipNorm && { globalClipNorm }) })
          : new CAME({ learningRate: 0.1, ...(globalClipNorm && { globalClipNorm }) });
      const variables = [variableOf([1, 2, 3, 4], [2, 2]), variableOf([1, 2], [2])];
      const copies = [variableOf([1, 2, 3, 4], [2, 2]), variableOf([1, 2], [2])];
      const clipped = make(1);
      const plain = make();
      for (const scale of [3, 0.01, 50]) {
        const large = gradients(variables, scale);
        // ‖g‖ of four times `scale` and two times 2 `scale`.
        const norm = Math.sqrt(4 * scale ** 2 + 2 * (2 * scale) ** 2);
        const small = gradients(copies, scale / Math.max(1, norm));
        clipped.applyGradients(large);
        plain.applyGradients(small);
        tf.dispose([large, small]);
      }
      for (const [k, variable] of variables.entries()) {
        const expected = await (copies[k] as tf.Variable).data();
        // The norm in float32, 1e-7, and what Adam's division makes of it.
        (await variable.data()).forEach((value, i) => {
          expect(Math.abs(value - (expected[i] as number))).toBeLessThan(5e-6);
        });
      }
      clipped.dispose();
      plain.dispose();
      tf.dispose([variables, copies]);
    },
  );

  it('by value is the step with clipped gradients', async () => {
    const variables = [variableOf([1, 2, 3, 4], [2, 2])];
    const copies = [variableOf([1, 2, 3, 4], [2, 2])];
    const clipped = new AdamW({ clipValue: 0.5 });
    const plain = new AdamW({});
    for (const scale of [2, 0.1, -7]) {
      const given = gradients(variables, scale);
      const small = gradients(copies, Math.min(0.5, Math.max(-0.5, scale)));
      clipped.applyGradients(given);
      plain.applyGradients(small);
      tf.dispose([given, small]);
    }
    expect(await variables[0]?.data()).toEqual(await copies[0]?.data());
    clipped.dispose();
    plain.dispose();
    tf.dispose([variables, copies]);
  });

  it('leaves no tensor behind', async () => {
    const variable = variableOf([1, 2, 3, 4], [2, 2]);
    const gradient = tf.onesLike(variable);
    for (const optimizer of [
      new AdamW({ globalClipNorm: 1, clipValue: 1, groups: [{ match: /./, weightDecay: 0.1 }] }),
      new CAME({ learningRate: 0.1, globalClipNorm: 1, cautious: true, updateClip: 1 }),
      new CAME({ learningRate: 0.1, confidence: false, biasCorrection: 'full' }),
    ]) {
      optimizer.applyGradients({ [variable.name]: gradient });
      await expectNoLeak(() => optimizer.applyGradients({ [variable.name]: gradient }));
      optimizer.dispose();
    }
    tf.dispose([variable, gradient]);
  });

  it.each(['globalClipNorm', 'clipValue'])('refuses %s of 0', (option) => {
    expect(() => new AdamW({ [option]: 0 })).toThrow(`AdamW: ${option} must be greater than 0; got 0`);
  });
});
