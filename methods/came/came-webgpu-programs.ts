/**
 * The step of came.ts for matrices in seven WGSL programs. What one leaves for the next beside the state: `sums` of g∘g and
 * `residuals` of (û − M)², by tile (came-webgpu-tiles.ts); Σu² of each tile without the factor mean(r); `factors`, [4 + 2·batch]:
 * the header, √mean(r), then mean(R) before the step; `roots` [batch]: √mean(R). ρ = √mean(r)/√r and κ = 1/√c are formed where
 * they are used, in the order (g·ρ)·κ that neither overflows nor divides by zero for rows that are all zero.
 */
import type { GpuProgram } from '../../src/optimizers/index.ts';
import { addColumns, eachElement, GATHER_SUMS, HEADER, TILE_INTEGERS, TILES } from './came-webgpu-tiles.ts';

/** What the step may not take part in where a square overflows: `uniforms.skip` is 1 for `nonFinite: 'skip'`. */
const SUM_OF_TILES = `
// Of all tiles, to each lane.
fn sumOfSums() -> f32 {
  let tiles = uniforms.batch * uniforms.tilesDown * uniforms.tilesAcross;
  var sum = 0.0;
  for (var t = i32(localIndex); t < tiles; t += LANES) { sum += sums[tileSums() + t]; }
  return sumOfGroup(sum);
}
`;

/** K1: g∘g summed over rows, columns and tiles. */
export const SQUARES: GpuProgram = {
  name: 'came_squares',
  reads: ['gradient', 'scale'],
  writes: ['sums'],
  integers: TILE_INTEGERS,
  floats: [],
  code: `
${TILES}
fn program() {
  ${eachElement({
    element: 'let g = scale[0] * gradient[at]; value = g * g;',
    rowSums: 'sums',
  })}
  ${addColumns('sums')}
}`,
};

/** K2: r and c. */
export const MOMENTS: GpuProgram = {
  name: 'came_moments',
  reads: ['sums', 'rowBefore', 'columnBefore'],
  writes: ['rowMoment', 'columnMoment'],
  integers: [...TILE_INTEGERS, 'skip'],
  floats: ['oneMinusBeta', 'epsilon'],
  code: `
${TILES}
${GATHER_SUMS}
${SUM_OF_TILES}
fn program() {
  var keep = true;
  if (uniforms.skip == 1) { keep = finite(sumOfSums()); }
  let i = groupIndex() * LANES + i32(localIndex);
  let j = i - uniforms.batch * uniforms.n;
  if (j < 0) {
    let mean = sumOfRow(i) / f32(uniforms.m) + uniforms.epsilon;
    rowMoment[i] = select(rowBefore[i], average(rowBefore[i], mean, uniforms.oneMinusBeta), keep);
  } else if (j < uniforms.batch * uniforms.m) {
    let mean = sumOfColumn(j) / f32(uniforms.n) + uniforms.epsilon;
    columnMoment[j] = select(columnBefore[j], average(columnBefore[j], mean, uniforms.oneMinusBeta), keep);
  }
}`,
};

const KAPPA = (column: string) => `kappa[l] = inverseSqrt(${column}[j]);`;

/** K3: Σu²/mean(r) of each tile. */
export const UPDATE_SQUARES: GpuProgram = {
  name: 'came_update_squares',
  reads: ['gradient', 'scale', 'rowMoment', 'columnMoment'],
  writes: ['squares'],
  integers: TILE_INTEGERS,
  floats: [],
  code: `
${TILES}
fn program() {
  var kappa = vec4<f32>(0.0);
  ${eachElement({
    columns: KAPPA('columnMoment'),
    row: 'let rho = scale[0] * inverseSqrt(rowMoment[i]);',
    element: 'let u = gradient[at] * rho * kappa[l]; value = u * u;',
  })}
  let total = sumOfGroup(columnSum.x + columnSum.y + columnSum.z + columnSum.w);
  if (lane == 0 && tile.batch < uniforms.batch) { squares[groupIndex()] = total; }
}`,
};

/** K4, in one group: the clip of the update, and the means of r and of R before the step. `team` lanes work for one matrix. */
export const CLIP: GpuProgram = {
  name: 'came_clip',
  reads: ['sums', 'squares', 'rowMoment', 'rowInstability', 'rows', 'scale'],
  writes: ['factors'],
  integers: [...TILE_INTEGERS, 'skip', 'group', 'team'],
  floats: ['clipThreshold', 'size'],
  code: `
${TILES}
${SUM_OF_TILES}
// Of the lanes of one team, to the first of them.
fn sumOfTeam(value : f32, member : i32) -> f32 {
  workgroupBarrier();
  cells[localIndex] = value;
  workgroupBarrier();
  for (var stride = uniforms.team / 2; stride > 0; stride /= 2) {
    if (member < stride) { cells[localIndex] += cells[localIndex + u32(stride)]; }
    workgroupBarrier();
  }
  return cells[localIndex];
}

fn program() {
  let lane = i32(localIndex);
  let member = lane % uniforms.team;
  let perMatrix = uniforms.tilesDown * uniforms.tilesAcross;
  var sumOfSquares = 0.0;
  for (var first = 0; first < uniforms.batch; first += LANES / uniforms.team) {
    let b = first + lane / uniforms.team;
    var r = 0.0;
    var before = 0.0;
    var sum = 0.0;
    if (b < uniforms.batch) {
      for (var i = member; i < uniforms.n; i += uniforms.team) {
        r += rowMoment[b * uniforms.n + i];
        before += rowInstability[b * uniforms.n + i];
      }
      for (var t = member; t < perMatrix; t += uniforms.team) { sum += squares[b * perMatrix + t]; }
    }
    r = sumOfTeam(r, member) / f32(uniforms.n);
    before = sumOfTeam(before, member) / f32(uniforms.n);
    sum = sumOfTeam(sum, member);
    if (member == 0 && b < uniforms.batch) {
      factors[${HEADER} + b] = sqrt(r);
      factors[${HEADER} + uniforms.batch + b] = before;
      sumOfSquares += sum * r;
    }
  }
  let rms = sqrt(sumOfGroup(sumOfSquares) / uniforms.size);
  let total = sumOfSums();
  if (lane == 0) {
    factors[0] = select(1.0, 0.0, uniforms.skip == 1 && !finite(total));
    factors[1] = rows[3 * uniforms.group];
    factors[2] = rows[3 * uniforms.group + 1];
    // Written so that NaN stays NaN.
    factors[3] = scale[0] * select(uniforms.clipThreshold / rms, 1.0, rms <= uniforms.clipThreshold);
  }
}`,
};

/** K5: M, and (û − M)² summed over rows, columns and tiles; hands the header on. */
export const MOMENTUM: GpuProgram = {
  name: 'came_momentum',
  reads: ['gradient', 'before', 'rowMoment', 'columnMoment', 'factors'],
  writes: ['momentum', 'residuals'],
  integers: TILE_INTEGERS,
  floats: ['oneMinusBeta'],
  code: `
${TILES}
fn program() {
  var kappa = vec4<f32>(0.0);
  let keep = factors[0] == 1.0;
  ${eachElement({
    columns: KAPPA('columnMoment'),
    row: `let rho = inverseSqrt(rowMoment[i]) * factors[${HEADER} + tile.batch] * factors[3];`,
    element: `
            let clipped = gradient[at] * rho * kappa[l]; // û
            let moved = average(before[at], clipped, uniforms.oneMinusBeta);
            momentum[at] = select(before[at], moved, keep);
            value = (clipped - moved) * (clipped - moved);`,
    rowSums: 'residuals',
  })}
  ${addColumns('residuals')}
  if (groupIndex() == 0 && lane < ${HEADER}) { residuals[lane] = factors[lane]; }
}`,
};

/**
 * K6: R and C, and √mean(R) from mean(R) before the step and the sum of (û − M)², so that no group waits for another. The
 * groups after those for rows and columns, one for each matrix, do that.
 */
export const INSTABILITY: GpuProgram = {
  name: 'came_instability',
  reads: ['sums', 'rowBefore', 'columnBefore', 'factors'],
  writes: ['rowInstability', 'columnInstability', 'roots'],
  integers: [...TILE_INTEGERS, 'groupsOfSides'],
  floats: ['oneMinusBeta', 'epsilon'],
  code: `
${TILES}
${GATHER_SUMS}
fn program() {
  let keep = factors[0] == 1.0;
  let lane = i32(localIndex);
  let i = groupIndex() * LANES + lane;
  let j = i - uniforms.batch * uniforms.n;
  if (j < 0) {
    let mean = sumOfRow(i) / f32(uniforms.m) + uniforms.epsilon;
    rowInstability[i] = select(rowBefore[i], average(rowBefore[i], mean, uniforms.oneMinusBeta), keep);
  } else if (j < uniforms.batch * uniforms.m) {
    let mean = sumOfColumn(j) / f32(uniforms.n) + uniforms.epsilon;
    columnInstability[j] = select(columnBefore[j], average(columnBefore[j], mean, uniforms.oneMinusBeta), keep);
  }

  let b = groupIndex() - uniforms.groupsOfSides;
  let ofMatrix = b >= 0 && b < uniforms.batch;
  let perMatrix = uniforms.tilesDown * uniforms.tilesAcross;
  var sum = 0.0;
  if (ofMatrix) {
    for (var t = lane; t < perMatrix; t += LANES) { sum += sums[tileSums() + b * perMatrix + t]; }
  }
  let mean = sumOfGroup(sum) / f32(uniforms.n) / f32(uniforms.m) + uniforms.epsilon;
  if (ofMatrix && lane == 0) {
    roots[b] = sqrt(average(factors[${HEADER} + uniforms.batch + b], mean, uniforms.oneMinusBeta));
  }
}`,
};

/** K7: W(1 − ηλ) − ηM/√S. */
export const WEIGHTS: GpuProgram = {
  name: 'came_weights',
  reads: ['before', 'momentum', 'rowInstability', 'columnInstability', 'roots', 'factors'],
  writes: ['weights'],
  integers: TILE_INTEGERS,
  floats: [],
  code: `
${TILES}
fn program() {
  var kappa = vec4<f32>(0.0);
  let keep = factors[0] == 1.0;
  ${eachElement({
    columns: KAPPA('columnInstability'),
    row: 'let rho = factors[1] * (inverseSqrt(rowInstability[i]) * roots[tile.batch]);',
    element: `
            let moved = factors[2] * before[at] - momentum[at] * rho * kappa[l];
            weights[at] = select(before[at], moved, keep);`,
  })}
}`,
};
