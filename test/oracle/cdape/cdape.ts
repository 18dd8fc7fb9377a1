/** Float64 oracle of CDAPE in plain loops, from its definition: concatenate, tril, pad with zeros, convolve twice, add. */

export interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly kernelSize: number;
}

/** Row-major: scores [B, H, Tq, Tk], bias [H, Tq, Tk], kernel1 [k, C, w], bias1 [w], kernel2 [k, w, H], bias2 [H]. */
export interface Values {
  readonly scores: readonly number[];
  readonly bias?: readonly number[];
  readonly kernel1: readonly number[];
  readonly bias1: readonly number[];
  readonly kernel2: readonly number[];
  readonly bias2: readonly number[];
}

export interface Options {
  readonly causal?: boolean;
  readonly firstQuery?: number;
  readonly prefixConsistent?: boolean;
  readonly residual?: 'concatResidual' | 'concat' | 'addResidual';
  /** [B, Tk], 0 at keys that f does not see. */
  readonly seenKeys?: readonly number[];
}

/** A, row-major [B, H, Tq, Tk]. */
export function cdapeScores(values: Values, sizes: Sizes, options: Options = {}): number[] {
  const { batch, heads, queries, keys, width, kernelSize } = sizes;
  const { causal = true, firstQuery = keys - queries, prefixConsistent = false, seenKeys } = options;
  const { residual = 'concatResidual' } = options;
  const extra = prefixConsistent ? (kernelSize - 1) / 2 : 0;
  const result: number[] = [];
  for (let b = 0; b < batch; b++) {
    const scoreAt = (h: number, i: number, j: number) =>
      at(values.scores, ((b * heads + h) * queries + i) * keys + j);
    const biasAt = (h: number, i: number, j: number) =>
      values.bias ? at(values.bias, (h * queries + i) * keys + j) : 0;
    const changes: number[][][] = []; // [query][head][key]
    for (let i = 0; i < queries; i++) {
      const visible = (j: number) => (!causal || j <= firstQuery + i) && seenKeys?.[b * keys + j] !== 0;
      const sum = (h: number, j: number) =>
        scoreAt(h, i, j) + (residual === 'addResidual' ? biasAt(h, i, j) : 0);
      const channels: number[][] = [];
      for (let h = 0; h < heads; h++) channels.push(rowOf(keys, (j) => (visible(j) ? sum(h, j) : 0)));
      if (values.bias && residual !== 'addResidual') {
        for (let h = 0; h < heads; h++) channels.push(rowOf(keys, (j) => (visible(j) ? biasAt(h, i, j) : 0)));
      }
      for (const channel of channels) for (let e = 0; e < extra; e++) channel.push(0);
      const inner = convolve(channels, values.kernel1, values.bias1, width, kernelSize);
      const activated = inner.map((row) => row.map((x) => (x > 0 ? x : 0.01 * x)));
      changes.push(convolve(activated, values.kernel2, values.bias2, heads, kernelSize));
    }
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        for (let j = 0; j < keys; j++) {
          const later = causal && j > firstQuery + i; // for the causal mask to remove
          const base = scoreAt(h, i, j) + (residual === 'concat' ? 0 : biasAt(h, i, j));
          result.push(later ? 0 : base + (changes[i]?.[h]?.[j] as number));
        }
      }
    }
  }
  return result;
}

/** One query's channels, each along keys: zeros beyond both ends. */
function convolve(
  channels: readonly (readonly number[])[],
  kernel: readonly number[],
  bias: readonly number[],
  outputs: number,
  kernelSize: number,
): number[][] {
  const half = (kernelSize - 1) / 2;
  const length = channels[0]?.length as number;
  return rowOf(outputs, (o) =>
    rowOf(length, (j) => {
      let sum = at(bias, o);
      for (let tap = 0; tap < kernelSize; tap++) {
        const from = j + tap - half;
        if (from < 0 || from >= length) continue;
        for (const [c, channel] of channels.entries()) {
          sum += at(kernel, (tap * channels.length + c) * outputs + o) * at(channel, from);
        }
      }
      return sum;
    }),
  );
}

/** −mₕ·D, row-major [H, T, T], with slopes given. */
export function alibi(slopes: readonly number[], length: number): number[] {
  return biases(slopes.length, length, (h, distance) => -at(slopes, h) * distance);
}

/** −pₕ·ln(1 + aₕ·D), row-major [H, T, T]. */
export function kerple(p: readonly number[], a: readonly number[], length: number): number[] {
  return biases(p.length, length, (h, distance) => -at(p, h) * Math.log(1 + at(a, h) * distance));
}

export interface FireValues {
  readonly c: number;
  readonly multiplier: number;
  /** [w] each */
  readonly weight1: readonly number[];
  readonly bias1: readonly number[];
  /** [w, H] */
  readonly weight2: readonly number[];
  readonly bias2: readonly number[];
}

/** Row-major [H, T, T]. */
export function fire(values: FireValues, threshold: number, slope: number, length: number): number[] {
  const { weight1, bias1, weight2, bias2 } = values;
  const heads = bias2.length;
  return biases(heads, length, (h, distance, query) => {
    const x = fireDistance(query, distance, values.c, Math.abs(values.multiplier * threshold));
    let sum = at(bias2, h);
    for (let u = 0; u < bias1.length; u++) {
      const inner = at(weight1, u) * x + at(bias1, u);
      sum += at(weight2, u * heads + h) * (inner > 0 ? inner : slope * inner);
    }
    return sum;
  });
}

export function fireDistance(query: number, distance: number, c: number, limit: number): number {
  const row = Math.log(Math.abs(c * Math.max(query, limit)) + 1) + 1e-6;
  return Math.log(Math.abs(c * distance) + 1) / row;
}

function biases(
  heads: number,
  length: number,
  value: (head: number, distance: number, query: number) => number,
): number[] {
  const result: number[] = [];
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < length; i++) {
      for (let j = 0; j < length; j++) result.push(value(h, Math.max(i - j, 0), i));
    }
  }
  return result;
}

/** dL/dx of L = Σ w ⊙ f(x), by central differences in float64: good to about 1e-9 for values near 1. */
export function differences(
  f: (x: readonly number[]) => readonly number[],
  x: readonly number[],
  weights: ArrayLike<number>,
): number[] {
  const loss = (at: number, value: number) =>
    f(x.map((old, i) => (i === at ? value : old))).reduce((sum, y, i) => sum + y * (weights[i] as number), 0);
  return x.map((value, i) => (loss(i, value + 1e-6) - loss(i, value - 1e-6)) / 2e-6);
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length}`);
  return value;
}

function rowOf<T>(length: number, value: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => value(index));
}
