/** Float64 oracles of the position encodings in plain loops, each from its paper. Arrays are row-major. */

/** One sequence: queries and keys [H, T, d], all T of them. */
export interface Heads {
  readonly queries: readonly number[];
  readonly keys: readonly number[];
  readonly heads: number;
  readonly length: number;
  readonly headDim: number;
}

type Vector = readonly number[];

export function vectorOf(values: Vector, heads: Heads, h: number, i: number): number[] {
  const start = (h * heads.length + i) * heads.headDim;
  return values.slice(start, start + heads.headDim);
}

export function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}

/** [H, T, T] of what `score` says. */
export function maps(
  heads: number,
  length: number,
  score: (h: number, i: number, j: number) => number,
): number[] {
  const result: number[] = [];
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < length; i++) for (let j = 0; j < length; j++) result.push(score(h, i, j));
  }
  return result;
}

/** q·k/√d */
export function plainScores(x: Heads): number[] {
  return maps(x.heads, x.length, (h, i, j) => {
    return dot(vectorOf(x.queries, x, h, i), vectorOf(x.keys, x, h, j)) / Math.sqrt(x.headDim);
  });
}

/** Each pair of numbers as a complex number, times e^{iθ}. */
export function rotated(
  vector: Vector,
  position: number,
  frequencies: Vector,
  pairing: 'halves' | 'interleaved',
): number[] {
  const half = vector.length / 2;
  const result = [...vector];
  for (let m = 0; m < half; m++) {
    const [a, b] = pairing === 'halves' ? [m, m + half] : [2 * m, 2 * m + 1];
    const angle = position * (frequencies[m] as number);
    const [x, y] = [vector[a] as number, vector[b] as number];
    result[a] = x * Math.cos(angle) - y * Math.sin(angle);
    result[b] = y * Math.cos(angle) + x * Math.sin(angle);
  }
  return result;
}

/** θₘ = base^(−2m/d) */
export function frequencies(width: number, base = 10_000): number[] {
  return Array.from({ length: width / 2 }, (_, m) => 1 / base ** ((2 * m) / width));
}

export function ropeScores(x: Heads, pairing: 'halves' | 'interleaved', positions: Vector): number[] {
  const turn = (v: Vector, i: number) => rotated(v, positions[i] as number, frequencies(x.headDim), pairing);
  return maps(x.heads, x.length, (h, i, j) => {
    const query = turn(vectorOf(x.queries, x, h, i), i);
    return dot(query, turn(vectorOf(x.keys, x, h, j), j)) / Math.sqrt(x.headDim);
  });
}

/** Sines, then cosines. */
export function sinusoid(position: number, width: number): number[] {
  const angles = frequencies(width).map((frequency) => position * frequency);
  return [...angles.map(Math.sin), ...angles.map(Math.cos)];
}

/** Raffel et al. 2020: half of the buckets for each whole distance, the others growing up to 128. */
export function t5Bucket(offset: number, causal: boolean): number {
  let buckets = 32;
  let bucket = 0;
  let distance = Math.max(offset, 0);
  if (!causal) {
    buckets = 16;
    if (offset < 0) bucket = 16;
    distance = Math.abs(offset);
  }
  const exact = buckets / 2;
  if (distance < exact) return bucket + distance;
  const share = Math.log(distance / exact) / Math.log(128 / exact);
  return bucket + Math.min(buckets - 1, exact + Math.floor(share * exact));
}

/** table [32, H] */
export function t5(table: Vector, heads: number, length: number, headDim: number, causal: boolean): number[] {
  return maps(heads, length, (h, i, j) => {
    return (table[t5Bucket(i - j, causal) * heads + h] as number) * Math.sqrt(headDim);
  });
}

/** −a·D^p */
export function kerplePower(p: Vector, a: Vector, length: number, causal: boolean): number[] {
  return maps(p.length, length, (h, i, j) => {
    const distance = causal ? Math.max(i - j, 0) : Math.abs(i - j);
    return -(a[h] as number) * distance ** (p[h] as number);
  });
}

/** Golovneva et al. 2024, eq. 4–6; later keys are not counted, and have position 0. table [d, n] */
export function cope(x: Heads, table: Vector): number[] {
  const scores = plainScores(x);
  const count = table.length / x.headDim;
  return maps(x.heads, x.length, (h, i, j) => {
    const score = (m: number) => scores[(h * x.length + i) * x.length + m] as number;
    let position = 0;
    for (let m = j; m <= i; m++) position += 1 / (1 + Math.exp(-score(m)));
    position = Math.min(position, count - 1);
    const query = vectorOf(x.queries, x, h, i);
    const at = (n: number) =>
      query.reduce((sum, value, c) => sum + value * (table[c * count + n] as number), 0);
    const [below, above] = [Math.floor(position), Math.ceil(position)];
    return score(j) + (1 - (position - below)) * at(below) + (position - below) * at(above);
  });
}

export interface TransformerXlValues {
  /** [H, d] each */
  readonly u: Vector;
  readonly v: Vector;
  /** Wᵣ [D, D], applied as R·Wᵣ. */
  readonly projection: Vector;
}

/** Dai et al. 2019, the four terms of section 3.3 with W_kE·x = k. */
export function transformerXl(
  x: Heads,
  { u, v, projection }: TransformerXlValues,
  causal: boolean,
): number[] {
  const { heads, headDim, length } = x;
  const width = heads * headDim;
  return maps(heads, length, (h, i, j) => {
    const [query, key] = [vectorOf(x.queries, x, h, i), vectorOf(x.keys, x, h, j)];
    const wave = sinusoid(i - j, width);
    const relative = Array.from({ length: headDim }, (_, c) =>
      wave.reduce((sum, r, from) => sum + r * (projection[from * width + h * headDim + c] as number), 0),
    );
    const ofHead = (bias: Vector) => bias.slice(h * headDim, (h + 1) * headDim);
    const byPosition = causal && j > i ? 0 : dot(query, relative) + dot(ofHead(v), relative);
    return (dot(query, key) + dot(ofHead(u), key) + byPosition) / Math.sqrt(headDim);
  });
}

/** Two-sided ALiBi, Kerple-log and FIRE: distances |i − j|. */
export function alibiBothWays(slopes: Vector, length: number): number[] {
  return maps(slopes.length, length, (h, i, j) => {
    return -(slopes[h] as number) * (Math.abs(i - j) - (j < i ? 0.5 : 0));
  });
}

export function kerpleBothWays(p: Vector, a: Vector, length: number): number[] {
  return maps(p.length, length, (h, i, j) => {
    return -(p[h] as number) * Math.log(1 + (a[h] as number) * Math.abs(i - j));
  });
}

/** The normalised distances of FIRE, [T, T]. */
export function fireDistancesBothWays(c: number, limit: number, length: number): number[] {
  return maps(1, length, (_, i, j) => {
    const largest = Math.max(i, length - 1 - i, limit);
    return Math.log(c * Math.abs(i - j) + 1) / (Math.log(c * largest + 1) + 1e-6);
  });
}
