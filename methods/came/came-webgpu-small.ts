/**
 * WGSL for what is small or a vector. Small matrices take three programs: BEGIN and END here, of one group each, which do the
 * first four and the last two of came-webgpu-programs.ts, and its MOMENTUM between them. Vectors take two.
 */
import type { GpuProgram } from '../../src/optimizers/index.ts';
import { GATHER_SUMS, HEADER, TILE_INTEGERS, TILES } from './came-webgpu-tiles.ts';

/** The header, from `total`, the sum of squares of the gradient, and `meanSquare` of u. */
const WRITE_HEADER = `
    let rms = sqrt(meanSquare);
    factors[0] = select(1.0, 0.0, uniforms.skip == 1 && !finite(total));
    factors[1] = rows[3 * uniforms.group];
    factors[2] = rows[3 * uniforms.group + 1];
    factors[3] = scale[0] * select(uniforms.clipThreshold / rms, 1.0, rms <= uniforms.clipThreshold);`;

/** r, c, √mean(r) and the clip. `factors` [4 + batch]: the header and √mean(r). */
export const BEGIN: GpuProgram = {
  name: 'came_small_begin',
  reads: ['gradient', 'rowBefore', 'columnBefore', 'rows', 'scale'],
  writes: ['rowMoment', 'columnMoment', 'factors'],
  integers: ['batch', 'n', 'm', 'skip', 'group'],
  floats: ['oneMinusBeta', 'epsilon', 'clipThreshold'],
  code: `
fn squareAt(at : i32) -> f32 {
  let g = scale[0] * gradient[at];
  return g * g;
}

fn program() {
  let lane = i32(localIndex);
  let n = uniforms.n;
  let m = uniforms.m;
  let size = uniforms.batch * n * m;
  var sumOfSquares = 0.0;
  for (var at = lane; at < size; at += LANES) { sumOfSquares += squareAt(at); }
  let total = sumOfGroup(sumOfSquares);
  let keep = uniforms.skip == 0 || finite(total);
  for (var i = lane; i < uniforms.batch * n; i += LANES) {
    var sum = 0.0;
    for (var j = 0; j < m; j++) { sum += squareAt(i * m + j); }
    let moved = average(rowBefore[i], sum / f32(m) + uniforms.epsilon, uniforms.oneMinusBeta);
    rowMoment[i] = select(rowBefore[i], moved, keep);
  }
  for (var j = lane; j < uniforms.batch * m; j += LANES) {
    let first = (j / m) * n * m + j % m;
    var sum = 0.0;
    for (var i = 0; i < n; i++) { sum += squareAt(first + i * m); }
    let moved = average(columnBefore[j], sum / f32(n) + uniforms.epsilon, uniforms.oneMinusBeta);
    columnMoment[j] = select(columnBefore[j], moved, keep);
  }
  storageBarrier();
  for (var b = lane; b < uniforms.batch; b += LANES) {
    var sum = 0.0;
    for (var i = 0; i < n; i++) { sum += rowMoment[b * n + i]; }
    factors[${HEADER} + b] = sqrt(sum / f32(n));
  }
  storageBarrier();
  var squares = 0.0;
  for (var at = lane; at < size; at += LANES) {
    let i = at / m;
    let b = i / n;
    let rho = scale[0] * inverseSqrt(rowMoment[i]) * factors[${HEADER} + b];
    let u = gradient[at] * rho * inverseSqrt(columnMoment[b * m + at % m]);
    squares += u * u;
  }
  let meanSquare = sumOfGroup(squares) / f32(size);
  if (lane == 0) { ${WRITE_HEADER} }
}`,
};

/** R, C and W. `sums` is what MOMENTUM leaves. At most LANES matrices. */
export const END: GpuProgram = {
  name: 'came_small_end',
  reads: ['sums', 'before', 'momentum', 'rowBefore', 'columnBefore'],
  writes: ['weights', 'rowInstability', 'columnInstability'],
  integers: TILE_INTEGERS,
  floats: ['oneMinusBeta', 'epsilon'],
  code: `
${TILES}
${GATHER_SUMS}
fn program() {
  let lane = i32(localIndex);
  let n = uniforms.n;
  let m = uniforms.m;
  let keep = sums[0] == 1.0;
  for (var i = lane; i < uniforms.batch * n; i += LANES) {
    let moved = average(rowBefore[i], sumOfRow(i) / f32(m) + uniforms.epsilon, uniforms.oneMinusBeta);
    rowInstability[i] = select(rowBefore[i], moved, keep);
  }
  for (var j = lane; j < uniforms.batch * m; j += LANES) {
    let moved = average(columnBefore[j], sumOfColumn(j) / f32(n) + uniforms.epsilon, uniforms.oneMinusBeta);
    columnInstability[j] = select(columnBefore[j], moved, keep);
  }
  storageBarrier();
  if (lane < uniforms.batch) {
    var sum = 0.0;
    for (var i = 0; i < n; i++) { sum += rowInstability[lane * n + i]; }
    cells[lane] = sqrt(sum / f32(n));
  }
  workgroupBarrier();
  for (var at = lane; at < uniforms.batch * n * m; at += LANES) {
    let i = at / m;
    let b = i / n;
    let rho = sums[1] * (inverseSqrt(rowInstability[i]) * cells[b]);
    let moved = sums[2] * before[at] - momentum[at] * rho * inverseSqrt(columnInstability[b * m + at % m]);
    weights[at] = select(before[at], moved, keep);
  }
}`,
};

/** Σg² and Σu² of each group, after four numbers: η of what has no confidence, 1 − ηλ and the scale. [4 + 2·groups] */
export const VECTOR_SUMS: GpuProgram = {
  name: 'came_vector_sums',
  reads: ['gradient', 'secondBefore', 'rows', 'scale'],
  writes: ['sums'],
  integers: ['size', 'groups', 'group'],
  floats: ['oneMinusBeta', 'epsilon'],
  code: `
fn program() {
  let lane = i32(localIndex);
  let first = groupIndex();
  var squares = 0.0;
  var updates = 0.0;
  if (first < uniforms.groups) {
    for (var at = first * LANES + lane; at < uniforms.size; at += uniforms.groups * LANES) {
      let g = scale[0] * gradient[at];
      squares += g * g;
      let u = g * inverseSqrt(average(secondBefore[at], g * g + uniforms.epsilon, uniforms.oneMinusBeta));
      updates += u * u;
    }
  }
  let sumOfSquares = sumOfGroup(squares);
  let sumOfUpdates = sumOfGroup(updates);
  if (lane == 0 && first < uniforms.groups) {
    sums[${HEADER} + first] = sumOfSquares;
    sums[${HEADER} + uniforms.groups + first] = sumOfUpdates;
    if (first == 0) {
      sums[0] = rows[3 * uniforms.group + 2];
      sums[1] = rows[3 * uniforms.group + 1];
      sums[2] = scale[0];
    }
  }
}`,
};

/** v, M and W: every group adds up the sums of all. */
export const VECTOR: GpuProgram = {
  name: 'came_vector',
  reads: ['sums', 'gradient', 'before', 'momentumBefore', 'secondBefore'],
  writes: ['weights', 'momentum', 'second'],
  integers: ['size', 'groups', 'skip'],
  floats: ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon', 'clipThreshold'],
  code: `
fn program() {
  let lane = i32(localIndex);
  var squares = 0.0;
  var updates = 0.0;
  for (var k = lane; k < uniforms.groups; k += LANES) {
    squares += sums[${HEADER} + k];
    updates += sums[${HEADER} + uniforms.groups + k];
  }
  let total = sumOfGroup(squares);
  let rms = sqrt(sumOfGroup(updates) / f32(uniforms.size));
  let keep = uniforms.skip == 0 || finite(total);
  // Written so that NaN stays NaN.
  let clip = select(uniforms.clipThreshold / rms, 1.0, rms <= uniforms.clipThreshold);
  let first = groupIndex();
  if (first < uniforms.groups) {
    for (var at = first * LANES + lane; at < uniforms.size; at += uniforms.groups * LANES) {
      let g = sums[2] * gradient[at];
      let v = average(secondBefore[at], g * g + uniforms.epsilon, uniforms.oneMinusBeta2);
      let clipped = g * inverseSqrt(v) * clip; // û
      let moved = average(momentumBefore[at], clipped, uniforms.oneMinusBeta1);
      second[at] = select(secondBefore[at], v, keep);
      momentum[at] = select(momentumBefore[at], moved, keep);
      weights[at] = select(before[at], sums[1] * before[at] - sums[0] * moved, keep);
    }
  }
}`,
};
