import type { WasmBackend } from './wasm-backend.ts';

/** Where the matrices of a product begin, in bytes of the heap. */
export interface Addresses {
  readonly a: number;
  readonly b: number;
  readonly out: number;
}

/** a [rows, inner] · b [inner, columns] → out [rows, columns]. */
export interface Sizes {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** XNNPACK's matrix product, which tfjs-backend-wasm takes only for one matrix by one matrix, neither of them transposed. */
export class XnnpackMatmul {
  private readonly backend: WasmBackend;
  private readonly batchMatMul: (...values: number[]) => void;
  /** Address of two shapes [1, rows, columns] of int32, kept for good. */
  private readonly shapes: number;

  constructor(backend: WasmBackend) {
    this.backend = backend;
    this.shapes = backend.wasm._malloc(24) >>> 0;
    // a, shape of a, its rank, b, shape of b, its rank, transpose a, transpose b, out: all numbers, so nothing is converted.
    this.batchMatMul = backend.wasm.cwrap('BatchMatMul', null, Array<'number'>(9).fill('number'));
  }

  /**
   * out = a · b; no side may be 0. The C++ side knows tensors by number and keeps a packed copy of b, with its shape, under
   * the number of b: one tensor used in two shapes would be multiplied in the first. So each product gets numbers of its own.
   */
  multiply({ a, b, out }: Addresses, { rows, inner, columns }: Sizes): void {
    const { tfjs, HEAPU8 } = this.backend.wasm;
    new Int32Array(HEAPU8.buffer, this.shapes, 6).set([1, rows, inner, 1, inner, columns]);
    const first = this.backend.dataIdNextNumber;
    this.backend.dataIdNextNumber += 3;
    tfjs.registerTensor(first, rows * inner, a);
    tfjs.registerTensor(first + 1, inner * columns, b);
    tfjs.registerTensor(first + 2, rows * columns, out);
    this.batchMatMul(first, this.shapes, 3, first + 1, this.shapes + 12, 3, 0, 0, first + 2);
    for (let id = first; id < first + 3; id++) tfjs.disposeData(id);
  }
}
