import { RandomStream } from '../../../src/random/index.ts';
import type { Expression, WeightsName } from '../expression.ts';
import { type PlainWeights, plainValue, type Rows } from './plain-expression.ts';

/** Fixed numbers on which the expressions of all layers are chained, without residual sums, norms, slices or stacking. */
export interface KeyInputs {
  readonly x: Rows; // [N, H]
  /** Full [H, H] weights, others for each layer and size. */
  weights(layer: number, size: number): Readonly<Record<WeightsName, PlainWeights>>;
}

export interface KeyInputSizes {
  readonly rows: number;
  readonly width: number;
  /** Standard deviation of the weights; that of x is 1. */
  readonly scale: number;
  readonly precision: 'float64' | 'float32';
}

/** Normal numbers that depend on the seed only; weights are drawn when they are first asked for. */
export function randomKeyInputs(seed: number, { rows, width, scale, precision }: KeyInputSizes): KeyInputs {
  const draw = (name: string, count: number, factor: number): Rows => {
    const stream = RandomStream.fromSeed(seed, `duplicates ${name}`);
    const values = precision === 'float32' ? new Float32Array(count) : new Float64Array(count);
    return values.map(() => factor * stream.normal());
  };
  const drawn = new Map<string, Record<WeightsName, PlainWeights>>();
  return {
    x: draw('x', rows * width, 1),
    weights: (layer, size) => {
      const name = `${layer} ${size}`;
      let weights = drawn.get(name);
      if (!weights) {
        const affine = (which: WeightsName): PlainWeights => ({
          weight: draw(`${name} ${which} weight`, width * width, scale),
          bias: draw(`${name} ${which} bias`, width, scale),
        });
        weights = { wb1: affine('wb1'), wb2: affine('wb2') };
        drawn.set(name, weights);
      }
      return weights;
    },
  };
}

/**
 * The output of the chained expressions.
 * @param sizes whose weights each layer takes
 * @returns [N, H]
 */
export function chainedOutput(
  expressions: readonly Expression[],
  sizes: readonly number[],
  inputs: KeyInputs,
): Rows {
  return expressions.reduce(
    (output, expression, layer) =>
      plainValue(expression, output, inputs.weights(layer, sizes[layer] as number)),
    inputs.x,
  );
}

/**
 * The authors' key: the sum, rounded to two places (half to even). All that are NaN have one key, as in Python before 3.10,
 * and so have all that overflow to one side.
 */
export function roundedSumKey(output: Rows): string {
  let sum = 0;
  for (const value of output) sum += value;
  const hundreds = sum * 100;
  if (!Number.isFinite(hundreds)) return String(sum);
  const below = Math.floor(hundreds);
  const rest = hundreds - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return String((up ? below + 1 : below) / 100);
}

/**
 * Sum and sum of squares to nine digits, whatever their magnitude. Equal functions of equal numbers agree in far more; different
 * ones would have to agree in both.
 *
 * @returns undefined for an output that is not finite, which says nothing
 */
export function significantKey(output: Rows): string | undefined {
  let [sum, squares] = [0, 0];
  for (const value of output) {
    sum += value;
    squares += value * value;
  }
  if (!Number.isFinite(sum) || !Number.isFinite(squares)) return undefined;
  // A sum that cancels has fewer digits to tell; those of the terms count.
  const resolution = Math.sqrt(squares) * 1e-9;
  const digits = resolution === 0 ? '0' : String(Math.round(sum / resolution));
  return `${digits} ${squares.toPrecision(9)}`;
}
