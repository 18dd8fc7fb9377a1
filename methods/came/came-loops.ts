/**
 * The step of came.ts in plain loops over typed arrays, in place: for the `js` and `wasm` backends, where dozens of operations
 * of TensorFlow.js cost more than the arithmetic. The passes are those of came.cc; sums are kept in float64.
 */
import type * as tf from '@tensorflow/tfjs';
import { hostMemory, type StepScalars, type VariableUpdate } from '../../src/optimizers/index.ts';
import { type CameOptions, variableOptions } from './config.ts';
import { matrixShape } from './factorization.ts';

/** η of what has confidence, 1 − ηλ, η of what has none, and the factor by which the gradient is clipped. */
interface Factors {
  readonly eta: number;
  readonly decay: number;
  readonly etaOfVectors: number;
  readonly scale: number;
}

/**
 * Updates what it can and returns what is left: everything on other backends; variables without confidence and permuted
 * convolutions ('oihw') here.
 */
export function cameLoopsUpdate(
  updates: readonly VariableUpdate[],
  scalars: StepScalars,
  options: CameOptions,
): readonly VariableUpdate[] {
  const memory = hostMemory();
  if (memory === undefined) return updates;
  const rows = Float32Array.from(memory.values(scalars.rows)); // [groups, 3]
  const scale = memory.values(scalars.gradientScale())[0] as number;
  const left: VariableUpdate[] = [];
  for (const update of updates) {
    const { variable, slots, gradient, group, settings } = update;
    const { factorization, confidence } = variableOptions(options, settings.rule);
    const shape = matrixShape(factorization, variable.shape);
    if (shape !== undefined && (!confidence || (factorization === 'oihw' && variable.rank === 4))) {
      left.push(update);
      continue;
    }
    const row = 3 * group;
    const factors: Factors = {
      eta: rows[row] as number,
      decay: rows[row + 1] as number,
      etaOfVectors: rows[row + 2] as number,
      scale,
    };
    const written = [variable, ...Object.values(slots)];
    for (const each of written) memory.own(each);
    const g = memory.values(gradient);
    const array = (name: string) => memory.writable(slots[name] as tf.Variable);
    const W = memory.writable(variable);
    if (shape === undefined) updateVector(W, array('m'), array('v'), g, factors, options);
    else {
      const state = { M: array('m'), r: array('vr'), c: array('vc'), R: array('rr'), C: array('rc') };
      updateMatrices(shape.slice(-2) as [number, number], W, state, g, factors, options);
    }
  }
  return left;
}

interface Arrays {
  readonly M: Float32Array;
  readonly r: Float32Array;
  readonly c: Float32Array;
  readonly R: Float32Array;
  readonly C: Float32Array;
}

/** W, M, g: [batch, n, m]; r, R: [batch, n]; c, C: [batch, m]. */
function updateMatrices(
  [n, m]: readonly [number, number],
  W: Float32Array,
  { M, r, c, R, C }: Arrays,
  g: Float32Array,
  { eta, decay, scale }: Factors,
  { beta1, beta2, beta3, epsilon1, epsilon2, clipThreshold, nonFinite }: CameOptions,
): void {
  const size = W.length;
  const rowSums = new Float64Array(r.length);
  const columnSums = new Float64Array(c.length);

  // A: row and column sums of g∘g
  for (let i = 0, at = 0; i < r.length; i++) {
    const column = Math.floor(i / n) * m;
    let sum = 0;
    for (let j = 0; j < m; j++, at++) {
      const gradient = scale * (g[at] as number);
      const squared = gradient * gradient;
      sum += squared;
      columnSums[column + j] = (columnSums[column + j] as number) + squared;
    }
    rowSums[i] = sum;
  }
  // Like float32, which every other form computes in: what overflows there is not finite here.
  if (nonFinite === 'skip' && !Number.isFinite(Math.fround(sumOf(rowSums)))) return;
  moveAverage(r, rowSums, m, beta2, epsilon1); // r
  moveAverage(c, columnSums, n, beta2, epsilon1); // c
  const rho = rowFactors(r, n); // √mean(r)/√r
  const kappa = inverseRoots(c); // 1/√c

  // B: RMS(u)
  let sumOfSquares = 0;
  for (let i = 0, at = 0; i < r.length; i++) {
    const column = Math.floor(i / n) * m;
    for (let j = 0; j < m; j++, at++) {
      const u = scale * (g[at] as number) * (rho[i] as number) * (kappa[column + j] as number);
      sumOfSquares += u * u;
    }
  }
  const clip = clipFactor(sumOfSquares / size, clipThreshold);

  // C: û, M, row and column sums of (û − M)²
  columnSums.fill(0);
  for (let i = 0, at = 0; i < r.length; i++) {
    const column = Math.floor(i / n) * m;
    const factor = scale * (rho[i] as number) * clip;
    let sum = 0;
    for (let j = 0; j < m; j++, at++) {
      const clipped = (g[at] as number) * factor * (kappa[column + j] as number); // û
      const before = M[at] as number;
      const momentum = before + (1 - beta1) * (clipped - before);
      M[at] = momentum;
      const squared = (clipped - momentum) * (clipped - momentum);
      sum += squared;
      columnSums[column + j] = (columnSums[column + j] as number) + squared;
    }
    rowSums[i] = sum;
  }
  moveAverage(R, rowSums, m, beta3, epsilon2); // R
  moveAverage(C, columnSums, n, beta3, epsilon2); // C
  const rhoOfS = rowFactors(R, n);
  const kappaOfS = inverseRoots(C);

  // D: W(1 − ηλ) − ηM/√S
  for (let i = 0, at = 0; i < r.length; i++) {
    const column = Math.floor(i / n) * m;
    const factor = eta * (rhoOfS[i] as number);
    for (let j = 0; j < m; j++, at++) {
      W[at] = decay * (W[at] as number) - (M[at] as number) * factor * (kappaOfS[column + j] as number);
    }
  }
}

/** v whole, no confidence: came-vector.cc. */
function updateVector(
  W: Float32Array,
  M: Float32Array,
  v: Float32Array,
  g: Float32Array,
  { decay, etaOfVectors, scale }: Factors,
  { beta1, beta2, epsilon1, clipThreshold, nonFinite }: CameOptions,
): void {
  if (nonFinite === 'skip') {
    let sum = 0;
    for (const value of g) sum += (scale * value) ** 2;
    if (!Number.isFinite(Math.fround(sum))) return;
  }
  let sumOfSquares = 0;
  for (let i = 0; i < W.length; i++) {
    const gradient = scale * (g[i] as number);
    const before = v[i] as number;
    v[i] = before + (1 - beta2) * (gradient * gradient + epsilon1 - before);
    sumOfSquares += (gradient * gradient) / (v[i] as number);
  }
  const clip = clipFactor(sumOfSquares / W.length, clipThreshold);
  for (let i = 0; i < W.length; i++) {
    const clipped = ((scale * (g[i] as number)) / Math.sqrt(v[i] as number)) * clip; // û
    const before = M[i] as number;
    M[i] = before + (1 - beta1) * (clipped - before);
    W[i] = decay * (W[i] as number) - etaOfVectors * (M[i] as number);
  }
}

/** x ← x + (1 − β)(sum/terms + ε − x) */
function moveAverage(
  x: Float32Array,
  sums: Float64Array,
  terms: number,
  beta: number,
  epsilon: number,
): void {
  for (let i = 0; i < x.length; i++) {
    const before = x[i] as number;
    x[i] = before + (1 - beta) * ((sums[i] as number) / terms + epsilon - before);
  }
}

/** √mean(row)/√row, the mean over each n of them. */
function rowFactors(row: Float32Array, n: number): Float64Array {
  const factors = new Float64Array(row.length);
  for (let begin = 0; begin < row.length; begin += n) {
    const mean = sumOf(row.subarray(begin, begin + n)) / n;
    for (let i = begin; i < begin + n; i++) factors[i] = Math.sqrt(mean) / Math.sqrt(row[i] as number);
  }
  return factors;
}

function inverseRoots(x: Float32Array): Float64Array {
  const roots = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) roots[i] = 1 / Math.sqrt(x[i] as number);
  return roots;
}

/** 1/max(1, RMS/d), written so that NaN stays NaN. */
function clipFactor(meanSquare: number, threshold: number): number {
  const rms = Math.sqrt(meanSquare);
  return rms <= threshold ? 1 : threshold / rms;
}

function sumOf(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}
