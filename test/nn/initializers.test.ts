import { describe, expect, it } from 'vitest';
import {
  fans,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  normal,
  ones,
  truncatedNormal,
  xavierNormal,
  xavierUniform,
  zeros,
} from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';

const SHAPE = [300, 500]; // [in, out]
const stream = () => RandomStream.fromSeed(1, 'init');

function statistics(initializer: Initializer, shape = SHAPE) {
  const values = initializer(shape, stream());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return { mean, deviation: Math.sqrt(variance), largest };
}

describe('initializers', () => {
  // The deviation of 150,000 draws is known to 0.2 % (one standard error, normal); 1 % is more than five of them.
  it.each([
    ['normal', normal(0.02), 0.02],
    ['truncatedNormal', truncatedNormal(0.02), 0.02 * 0.87962566], // deviation of N(0, 1) cut at ±2
    ['xavierNormal', xavierNormal(), Math.sqrt(2 / 800)],
    ['xavierNormal, gain 3', xavierNormal(3), 3 * Math.sqrt(2 / 800)],
    ['xavierUniform', xavierUniform(), Math.sqrt(6 / 800) / Math.sqrt(3)],
    ['kaimingNormal', kaimingNormal(), Math.sqrt(2 / 300)],
    ['kaimingUniform', kaimingUniform(), Math.sqrt(6 / 300) / Math.sqrt(3)],
  ])('%s has its deviation and mean 0', (_, initializer, deviation) => {
    const { mean, deviation: got } = statistics(initializer);
    expect(Math.abs(got / deviation - 1)).toBeLessThan(0.01);
    expect(Math.abs(mean)).toBeLessThan((5 * deviation) / Math.sqrt(150_000));
  });

  it('bounds the uniform and the truncated ones, and comes near the bound', () => {
    for (const [initializer, bound] of [
      [xavierUniform(), Math.sqrt(6 / 800)],
      [kaimingUniform(), Math.sqrt(6 / 300)],
      [kaimingUniform(Math.sqrt(1 / 3)), 1 / Math.sqrt(300)], // PyTorch's default for Linear
      [truncatedNormal(0.02), 0.04],
    ] as const) {
      const { largest } = statistics(initializer);
      expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-7)); // rounded to float32
      expect(largest).toBeGreaterThan(0.995 * bound);
    }
  });

  it('fills with constants', () => {
    expect([...zeros([2, 2], stream())]).toEqual([0, 0, 0, 0]);
    expect([...ones([3], stream())]).toEqual([1, 1, 1]);
    expect([...ones([], stream())]).toEqual([1]);
  });

  it('counts the window of a convolution in both fans, and refuses a vector', () => {
    expect(fans([300, 500])).toEqual({ fanIn: 300, fanOut: 500 });
    expect(fans([3, 5, 2, 7])).toEqual({ fanIn: 30, fanOut: 105 });
    expect(() => fans([4])).toThrow(/\[\.\., in, out\], got \[4\]/);
  });

  it('repeats itself bit for bit from the same seed', () => {
    for (const initializer of [normal(1), truncatedNormal(1), xavierUniform(), kaimingNormal()]) {
      expect(initializer([7, 9], stream())).toEqual(initializer([7, 9], stream()));
    }
  });
});
