import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { blocksOf } from '../../src/optimizers/blocks.ts';
import { ADAM_MINI_DEFAULTS, AdamMini, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { AdamMiniOracle } from '../oracle/optimizers/adam-mini.ts';
import { expectOracleSteps } from './golden-steps.ts';
import { servesLayers } from './layers-round-trip.ts';

beforeAll(async () => {
  await useBackend('js');
});

it('the float64 oracle takes the golden steps', () => {
  const options = { learningRate: 1e-2, weightDecay: 0.1 };
  expectOracleSteps('M1', new AdamMiniOracle(F.weights, [0, 0, 0, 1, 1, 1], options));
});

servesLayers('AdamMini', () => new AdamMini({ learningRate: 1e-2, weightDecay: 0.1 }));

describe('options', () => {
  it("has the authors' defaults", () => {
    expect(new AdamMini().options).toEqual(ADAM_MINI_DEFAULTS);
    const rule = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    expect(ADAM_MINI_DEFAULTS).toMatchObject(rule);
  });

  it.each(['columns', 'rows', 'whole', { heads: 4 }] as const)('come back from JSON, %o', (partition) => {
    const options = {
      learningRate: 3e-4,
      beta1: 0.95,
      beta2: 0.98,
      epsilon: 1e-6,
      weightDecay: 1,
      decay: noDecayOnVectors,
      partition,
      groups: [{ match: /layer_norm/, weightDecay: 0, partition }],
    };
    const saved = JSON.parse(JSON.stringify(new AdamMini(options).getConfig()));
    expect(AdamMini.fromConfig<AdamMini>(AdamMini, saved).options).toEqual(options);
  });

  it('come back from JSON without groups', () => {
    const saved = JSON.parse(JSON.stringify(new AdamMini({ groups: [] }).getConfig()));
    expect(AdamMini.fromConfig<AdamMini>(AdamMini, saved).options.groups).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['β = 1', { beta2: 1 }, /AdamMini: beta2 must be in \[0, 1\); got 1/],
    ['ε = 0', { epsilon: 0 }, /AdamMini: epsilon/],
    ['an unknown partition', { partition: 'diagonals' }, /partition must be 'columns', 'rows'.*"diagonals"/],
    ['no heads', { partition: { heads: 0 } }, /partition must be .*{"heads":0}/],
    [
      'an unknown partition of a group',
      { groups: [{ match: /q/, partition: 3 }] },
      /groups\[0\].partition must be .*3/,
    ],
    ['an unknown key of a group', { groups: [{ match: /q/, heads: 3 }] }, /groups\[0\].*'heads'.*partition/],
    ['an unknown one', { beta3: 0.5 }, /AdamMini has no option 'beta3'/],
  ])('refuses %s', (_what, given, message) => {
    expect(() => new AdamMini(given)).toThrow(UserError);
    expect(() => new AdamMini(given)).toThrow(message);
  });
});

describe('blocks', () => {
  it('of heads must divide the columns', () => {
    expect(blocksOf({ heads: 3 }, [4, 6])).toEqual({ view: [4, 3, 2], axes: [1] });
    expect(() => blocksOf({ heads: 4 }, [4, 6])).toThrow(UserError);
    expect(() => blocksOf({ heads: 4 }, [4, 6])).toThrow(/4 heads.*6 columns.*\[4,6\]/);
  });

  it('of a vector are the whole, whatever is said', () => {
    expect(blocksOf('rows', [3])).toEqual({ view: [3], axes: [] });
    expect(blocksOf({ heads: 2 }, [3])).toEqual({ view: [3], axes: [] });
  });
});
