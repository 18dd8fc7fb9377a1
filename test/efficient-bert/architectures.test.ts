import { describe, expect, it } from 'vitest';
import {
  ARCHITECTURES,
  type Architecture,
  EXPANSION_RATIOS,
  expandedWidth,
  ffnParameters,
  headParameters,
  MOBILE_BERT_TINY,
  MobileBert,
  macCounts,
  mobileBertMacs,
  parameterCounts,
  supernetOf,
  tabulatedParameters,
} from '../../methods/efficient-bert/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { FOUND } from './fixtures.ts';

describe('golden check 1: parameterCounts', () => {
  // Executed by the authors' modules, but for "as reported", which is their size table's arithmetic.
  const EXPECTED = {
    'efficient-bert-tiny': [4_231_176, 277_248, 6 * 520_560, 1_743_360, 9_375_144],
    'efficient-bert': [4_393_356, 415_488, 7_017_840, 3_911_040, 15_737_724],
    'efficient-bert-plus': [4_393_356, 415_488, 7_017_840, 3_911_040, 15_737_724],
    'efficient-bert-plus-plus': [4_231_176, 277_248, 12 * 520_560, 2 * 1_743_360, 14_241_864],
    'efficient-bert-plus-plus-as-reported': [4_231_176, 277_248, 6_246_720, 2 * 2_608_560, 15_972_264],
    'efficient-bert-tinybert6': [23_837_184, 590_592, 6 * 2_363_904, 31_505_408, 70_116_608],
    'bert-base': [23_837_184, 0, 12 * 2_363_904, 12 * 4_723_968, 108_891_648],
    'tinybert-4': [9_683_856, 240_384, 4 * 391_248, 4 * 750_936, 14_492_976],
    'tinybert-6': [23_837_184, 590_592, 6 * 2_363_904, 6 * 4_723_968, 66_955_008],
  };

  it.each(Object.entries(EXPECTED))('%s', (name, expected) => {
    const architecture = ARCHITECTURES[name as keyof typeof ARCHITECTURES];
    const { embedding, fit, attention, ffn, total } = parameterCounts(architecture);
    expect([embedding, fit, attention, ffn, total]).toEqual(expected);
  });

  it('covers every architecture', () => {
    expect(Object.keys(EXPECTED)).toEqual(Object.keys(ARCHITECTURES));
  });

  it('gives the paper’s 6.9 times', () => {
    const total = (name: 'bert-base' | 'efficient-bert') => parameterCounts(ARCHITECTURES[name]).total;
    expect(total('bert-base') / total('efficient-bert')).toBeCloseTo(6.919, 3);
  });

  it('refuses an architecture whose widths do not fit', () => {
    const wide: Architecture = { ...ARCHITECTURES['efficient-bert-tinybert6'], widthRule: 'min' };
    expect(() => parameterCounts(wide)).toThrow('wb2 takes 1536 channels, but gets 768');
  });
});

describe('golden check 2: what the authors’ modules hold', () => {
  const supernet = parameterCounts(supernetOf(ARCHITECTURES['efficient-bert'])).total;
  const bert = parameterCounts(ARCHITECTURES['bert-base']).total;
  const tasks = [3, 2, 2, 2, 2, 1, 2, 2]; // classes of MNLI, QQP, QNLI, SST-2, CoLA, STS-B, MRPC, RTE

  it.each([
    ['supernet', supernet, 25_875_324],
    ['student with the head of MNLI', supernet + headParameters(540, [3]), 26_169_087],
    ['student of all tasks', supernet + headParameters(540, tasks), 26_176_120],
    ['teacher with the head of MNLI', bert + headParameters(768, [3]), 109_484_547],
    ['teacher of all tasks', bert + headParameters(768, tasks), 109_494_544],
  ])('%s', (_, got, expected) => {
    expect(got).toBe(expected);
  });
});

describe('golden check 3: tabulatedParameters', () => {
  const ofSizes = (sizes: readonly string[]): Architecture => ({
    ...ARCHITECTURES['efficient-bert'],
    expressions: sizes.map((size) => `linear${size}(gelu(linear${size}(x,wb1)),wb2)`),
  });

  it.each([
    ['the found networks', ['4_2', '2_1', '1_2', '2_2', '1_2', '2_3'], 15.7375],
    ['those of stages 1 and 2', ['4_2', '2_1', '1_4', '4_4', '1_3', '2_4'], 15.4002],
    ['the first', new Array(6).fill('1_1'), 15.3388],
    ['the smallest', new Array(6).fill('1_4'), 12.712],
    ['the largest', new Array(6).fill('4_1'), 25.8748],
  ])('%s', (_, sizes, millions) => {
    expect(tabulatedParameters(ofSizes(sizes))).toBe(Math.round(millions * 1e6));
  });
});

describe('macCounts', () => {
  // Thousandths of 10⁹ at L = 128, by the formulas; embedding, attention, networks, total.
  it.each([
    ['bert-base', [0, 3.9259, 7.2478, 11.1736]],
    ['efficient-bert', [0.0265, 1.002, 0.4977, 1.5262]],
    ['efficient-bert-tiny', [0.0177, 0.4689, 0.2212, 0.7078]],
    ['efficient-bert-plus-plus', [0.0177, 0.9378, 0.4424, 1.3979]],
    ['efficient-bert-plus-plus-as-reported', [0.0177, 0.9378, 0.6636, 1.6191]],
    ['efficient-bert-tinybert6', [0, 1.9629, 4.0265, 5.9895]],
    ['tinybert-4', [0, 0.2403, 0.3834, 0.6236]],
    ['tinybert-6', [0, 1.9629, 3.6239, 5.5868]],
  ] as const)('%s', (name, expected) => {
    const { embedding, attention, ffn, total } = macCounts(ARCHITECTURES[name], 128);
    const billions = [embedding, attention, ffn, total].map((count) => Math.round(count / 1e5) / 1e4);
    expect(billions).toEqual(expected);
  });

  it('gives the exact count, and 7.3 times fewer than BERT-base', () => {
    const [small, base] = (['efficient-bert', 'bert-base'] as const).map((name) =>
      macCounts(ARCHITECTURES[name], 128),
    );
    expect(small?.total).toBe(1_526_169_600);
    expect((base?.total ?? 0) / (small?.total ?? 1)).toBeCloseTo(7.32, 2);
  });
});

describe('MobileBERT-tiny', () => {
  it('has as many weights as the authors’', async () => {
    await useBackend('js');
    const model = new MobileBert({}, new RandomStreams(1));
    expect(countParameters(model)).toBe(15_083_264);
    model.dispose();
  });

  it('counts its multiply-accumulates by hand: one layer of one token', () => {
    const config = {
      ...MOBILE_BERT_TINY,
      width: 5,
      innerWidth: 3,
      embeddingWidth: 2,
      layers: 1,
      hidden: 7,
      stackedFfn: 2,
    };
    // Embedding 3·2·5; queries (that are keys), values and output 3·9, scores and sum 2·3; in and out 2·5·3, networks 2·2·3·7.
    expect(mobileBertMacs(config, 1)).toEqual({ embedding: 30, attention: 33, ffn: 30 + 84, total: 177 });
  });
});

describe('the published architectures', () => {
  it('use the searched expressions, ++ each twice in a row', () => {
    expect(ARCHITECTURES['efficient-bert'].expressions).toEqual(FOUND);
    const twice = ARCHITECTURES['efficient-bert-plus-plus'].expressions;
    expect(twice).toHaveLength(12);
    expect(twice.map((_, layer) => FOUND[Math.floor(layer / 2)])).toEqual(twice);
  });
});

describe('sizes', () => {
  it.each([
    [540, [540, 270, 180, 135]],
    [360, [360, 180, 120, 90]],
    [3072, [3072, 1536, 1024, 768]],
  ])('golden check 5: hidden width %i shrinks to %j', (hidden, expected) => {
    expect(EXPANSION_RATIOS.map((ratio) => expandedWidth(hidden, ratio))).toEqual(expected);
  });

  it('counts 4_2 at width 540: 4·(2·540·270 + 270 + 540 + 1080)', () => {
    expect(ffnParameters(540, 270, 4)).toBe(1_173_960);
  });
});
