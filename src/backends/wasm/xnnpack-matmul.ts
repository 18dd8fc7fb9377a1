import type { WasmBackend } from './wasm-backend.ts';

type Multiply = (...values: number[]) => void;

/** One matrix product a [rows, inner] · b [inner, columns] → out [rows, columns], by the C++ side's tensor numbers. */
export interface Product {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** XNNPACK's matrix product, which tfjs-backend-wasm takes only for one matrix by one matrix, neither of them transposed. */
export class XnnpackMatmul {
  private readonly backend: WasmBackend;
  private readonly batchMatMul: Multiply;
  /** Address of two shapes [1, rows, columns] of int32, kept for good. */
  private readonly shapes: number;

  constructor(backend: WasmBackend) {
    this.backend = backend;
    this.shapes = backend.wasm._malloc(24) >>> 0;
    // a, shape of a, its rank, b, shape of b, its rank, transpose a, transpose b, out: all numbers, so nothing is converted.
    this.batchMatMul = backend.wasm.cwrap('BatchMatMul', null, Array<'number'>(9).fill('number'));
  }

  /** No side may be 0. XNNPACK keeps a packed copy of b until `tfjs.disposeData(b)`. */
  multiply({ a, b, out, rows, inner, columns }: Product): void {
    const shapes = new Int32Array(this.backend.wasm.HEAPU8.buffer, this.shapes, 6);
    shapes.set([1, rows, inner, 1, inner, columns]);
    this.batchMatMul(a, this.shapes, 3, b, this.shapes + 12, 3, 0, 0, out);
  }

  /** A number for `size` values at byte `offset`, for `multiply`; to be given back with `tfjs.disposeData`. */
  view(offset: number, size: number): number {
    const id = this.backend.dataIdNextNumber++;
    this.backend.wasm.tfjs.registerTensor(id, size, offset);
    return id;
  }
}
