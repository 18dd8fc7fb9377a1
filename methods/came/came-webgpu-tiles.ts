/**
 * Matrices cut into tiles for the programs of came-webgpu-programs.ts: one workgroup for each. Its lanes form a grid `width` ×
 * 256/width, and each lane takes 4 columns and, in each of `blocks` blocks, 4 rows; neighbouring lanes neighbouring columns.
 */
import { LANES } from '../../src/optimizers/index.ts';

export interface Tiling {
  readonly batch: number;
  readonly n: number;
  readonly m: number;
  /** Lanes side by side, a power of two, and its logarithm. */
  readonly width: number;
  readonly shift: number;
  readonly blocks: number;
  /** Tiles of one matrix. */
  readonly tilesAcross: number;
  readonly tilesDown: number;
  readonly tiles: number;
}

/** Rows and columns of a lane, in one block. */
const PER_LANE = 4;
/** Tiles of several blocks leave fewer sums to add up; but first every core wants a tile. */
const ENOUGH_TILES = 1024;
const MOST_BLOCKS = 8;
/** 32 lanes side by side read whole cache lines. */
const WIDEST = 32;

/** Of [..., n, m]: wide tiles for few rows, narrow ones for few columns. */
export function tilingOf(shape: readonly number[]): Tiling {
  const [n, m] = shape.slice(-2) as [number, number];
  const batch = shape.slice(0, -2).reduce((size, each) => size * each, 1);
  const lanesDown = powerOfTwoFrom(n / PER_LANE);
  const narrow = Math.min(powerOfTwoFrom(m / PER_LANE), WIDEST);
  const width = Math.max(narrow, LANES / Math.min(lanesDown, LANES));
  const blockRows = (PER_LANE * LANES) / width;
  const tilesAcross = Math.ceil(m / (PER_LANE * width));
  const single = batch * tilesAcross * Math.ceil(n / blockRows);
  const blocks = Math.min(Math.max(Math.floor(single / ENOUGH_TILES), 1), MOST_BLOCKS);
  const tilesDown = Math.ceil(n / (blockRows * blocks));
  const tiles = batch * tilesAcross * tilesDown;
  return { batch, n, m, width, shift: Math.log2(width), blocks, tilesAcross, tilesDown, tiles };
}

/** Numbers that a program leaves about sums: of rows [batch, tilesAcross, n], of columns [batch, tilesDown, m], of tiles. */
export function sumsSize({ batch, n, m, tilesAcross, tilesDown, tiles }: Tiling): number {
  return HEADER + batch * (tilesAcross * n + tilesDown * m) + tiles;
}

/** Numbers before the sums: finite (1 or 0), η, 1 − ηλ, clip · scale of the gradient. */
export const HEADER = 4;

function powerOfTwoFrom(x: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(x)));
}

export const TILE_INTEGERS = [
  'batch',
  'n',
  'm',
  'width',
  'shift',
  'blocks',
  'tilesAcross',
  'tilesDown',
] as const;

/**
 * WGSL. `eachElement` runs `row` (which knows `i`, the index of the row among all of the batch) and then, for each element of
 * it, `element` (which knows also `at`, its index, `j`, the index of the column among all of the batch, and `l`, 0 to 3, which of
 * the lane's columns it is). With `rowSums` the rows' sums of `value`, set by `element`, go into that array; the lane's sums
 * of columns are in `columnSum`.
 */
export function eachElement(parts: {
  /** Before the rows: knows `column(l)`, the index of a column among all of the batch, and whether it is one. */
  readonly columns?: string;
  readonly row?: string;
  readonly element: string;
  readonly rowSums?: string;
}): string {
  const { columns = '', row = '', element, rowSums } = parts;
  return `
  let tile = tileOfGroup();
  let lane = i32(localIndex);
  let x = lane & (uniforms.width - 1);
  let y = lane >> u32(uniforms.shift);
  let height = LANES / uniforms.width;
  var columnSum = vec4<f32>(0.0);
  for (var l = 0; l < 4; l++) {
    let column = tile.column + l * uniforms.width + x;
    if (column < uniforms.m && tile.batch < uniforms.batch) {
      let j = tile.batch * uniforms.m + column;
      ${columns}
    }
  }
  for (var block = 0; block < uniforms.blocks; block++) {
    let firstRow = tile.row + block * 4 * height;
    var rowSum = vec4<f32>(0.0);
    for (var k = 0; k < 4; k++) {
      let row = firstRow + k * height + y;
      if (row < uniforms.n && tile.batch < uniforms.batch) {
        let i = tile.batch * uniforms.n + row;
        ${row}
        for (var l = 0; l < 4; l++) {
          let column = tile.column + l * uniforms.width + x;
          if (column < uniforms.m) {
            let j = tile.batch * uniforms.m + column;
            let at = i * uniforms.m + column;
            var value = 0.0;
            ${element}
            rowSum[k] += value;
            columnSum[l] += value;
          }
        }
      }
    }
    ${rowSums === undefined ? '' : addRows(rowSums)}
  }`;
}

/** Lane `lane` wrote row k·height + y, column x of the block to cell k·LANES + lane = (k·height + y)·width + x. */
function addRows(sums: string): string {
  return `
    workgroupBarrier();
    for (var k = 0; k < 4; k++) { cells[k * LANES + lane] = rowSum[k]; }
    workgroupBarrier();
    for (var r = lane; r < 4 * height; r += LANES) {
      let row = firstRow + r;
      if (row < uniforms.n && tile.batch < uniforms.batch) {
        var sum = 0.0;
        // From another cell in each lane, since those of one memory bank are read one after the other.
        for (var s = 0; s < uniforms.width; s++) { sum += cells[r * uniforms.width + ((s + r) & (uniforms.width - 1))]; }
        ${sums}[${HEADER} + (tile.batch * uniforms.tilesAcross + tile.across) * uniforms.n + row] = sum;
      }
    }`;
}

/** After eachElement with `rowSums`: the sums of the tile and of its columns. */
export function addColumns(sums: string): string {
  return `
  workgroupBarrier();
  for (var l = 0; l < 4; l++) { cells[l * LANES + lane] = columnSum[l]; }
  let total = sumOfGroup(columnSum.x + columnSum.y + columnSum.z + columnSum.w);
  if (lane == 0 && tile.batch < uniforms.batch) { ${sums}[tileSums() + groupIndex()] = total; }
  // All lanes' cells are there since sumOfGroup's barriers.
  for (var q = lane; q < 4 * uniforms.width; q += LANES) {
    let column = tile.column + q;
    if (column < uniforms.m && tile.batch < uniforms.batch) {
      let first = (q >> u32(uniforms.shift)) * LANES + (q & (uniforms.width - 1));
      var sum = 0.0;
      for (var s = 0; s < height; s++) { sum += cells[first + s * uniforms.width]; }
      ${sums}[columnSums() + (tile.batch * uniforms.tilesDown + tile.down) * uniforms.m + column] = sum;
    }
  }`;
}

/** WGSL: where things are. */
export const TILES = `
struct Tile { batch : i32, down : i32, across : i32, row : i32, column : i32 };

// A group too many gets a batch that does not exist.
fn tileOfGroup() -> Tile {
  let index = groupIndex();
  let inMatrix = index % (uniforms.tilesDown * uniforms.tilesAcross);
  let down = inMatrix / uniforms.tilesAcross;
  let across = inMatrix % uniforms.tilesAcross;
  let rows = 4 * uniforms.blocks * (LANES / uniforms.width);
  return Tile(index / (uniforms.tilesDown * uniforms.tilesAcross), down, across, down * rows, across * 4 * uniforms.width);
}

fn columnSums() -> i32 { return ${HEADER} + uniforms.batch * uniforms.tilesAcross * uniforms.n; }
fn tileSums() -> i32 { return columnSums() + uniforms.batch * uniforms.tilesDown * uniforms.m; }
`;

/** WGSL: the sums of rows and columns put together, from the array `sums`. */
export const GATHER_SUMS = `
fn sumOfRow(i : i32) -> f32 {
  let first = ${HEADER} + (i / uniforms.n) * uniforms.tilesAcross * uniforms.n + i % uniforms.n;
  var sum = 0.0;
  for (var t = 0; t < uniforms.tilesAcross; t++) { sum += sums[first + t * uniforms.n]; }
  return sum;
}
fn sumOfColumn(j : i32) -> f32 {
  let first = columnSums() + (j / uniforms.m) * uniforms.tilesDown * uniforms.m + j % uniforms.m;
  var sum = 0.0;
  for (var t = 0; t < uniforms.tilesDown; t++) { sum += sums[first + t * uniforms.m]; }
  return sum;
}
`;
