import { describe, expect, it } from 'vitest';
import { darkPalette, lightPalette, type Palette } from '../../../src/experiment/chart-theme.ts';

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const palettes: readonly (readonly [string, Palette])[] = [
  ['light', lightPalette],
  ['dark', darkPalette],
];

describe('contrast', () => {
  it('is 21 between black and white, and 4.54 for the grey that is just enough', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 10);
    expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
  });
});

describe.each(palettes)('the %s palette', (_, palette) => {
  const { text, faint, met, notMet, notTested, contestants } = palette;

  it.each([
    ['page', palette.page],
    ['raised', palette.raised],
  ])('has words of at least 4.5 on the %s', (__, ground) => {
    for (const colour of [text, faint, met, notMet, notTested]) {
      expect(contrast(colour, ground), `${colour} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('has curves of at least 4.5 on the page, all of them different', () => {
    for (const colour of contestants) {
      expect(contrast(colour, palette.page), colour).toBeGreaterThanOrEqual(4.5);
    }
    expect(new Set(contestants).size).toBe(contestants.length);
  });
});
