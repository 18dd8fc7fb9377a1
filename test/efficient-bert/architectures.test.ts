import { describe, expect, it } from 'vitest';
import {
  ARCHITECTURES,
  type Architecture,
  EXPANSION_RATIOS,
  expandedWidth,
  ffnParameters,
  parameterCounts,
} from '../../methods/efficient-bert/index.ts';
import { FOUND } from './fixtures.ts';

describe('parameterCounts', () => {
  // Executed by the authors' modules, but for "as reported", which is their size table's arithmetic.
  const EXPECTED = {
    'efficient-bert-tiny': [4_231_176, 277_248, 6 * 520_560, 1_743_360, 9_375_144],
    'efficient-bert': [4_393_356, 415_488, 7_017_840, 3_911_040, 15_737_724],
    'efficient-bert-plus': [4_393_356, 415_488, 7_017_840, 3_911_040, 15_737_724],
    'efficient-bert-plus-plus': [4_231_176, 277_248, 12 * 520_560, 2 * 1_743_360, 14_241_864],
    'efficient-bert-plus-plus-as-reported': [4_231_176, 277_248, 6_246_720, 2 * 2_608_560, 15_972_264],
    'efficient-bert-tinybert6': [23_837_184, 590_592, 6 * 2_363_904, 31_505_408, 70_116_608],
    'bert-base': [23_837_184, 0, 12 * 2_363_904, 12 * 4_723_968, 108_891_648],
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
  ])('hidden width %i shrinks to %j', (hidden, expected) => {
    expect(EXPANSION_RATIOS.map((ratio) => expandedWidth(hidden, ratio))).toEqual(expected);
  });

  it('counts 4_2 at width 540: 4·(2·540·270 + 270 + 540 + 1080)', () => {
    expect(ffnParameters(540, 270, 4)).toBe(1_173_960);
  });
});
