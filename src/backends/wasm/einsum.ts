import * as tf from '@tensorflow/tfjs';
import { multiplyBatches } from './batch-mat-mul.ts';
import { runWasmKernel, type WasmBackend } from './wasm-backend.ts';

/** A tensor and, for each of its axes, which index of the equation runs along it. */
interface Labelled {
  readonly tensor: tf.TensorInfo;
  readonly labels: readonly number[];
}

/**
 * Missing from tfjs-backend-wasm; forward only, as everywhere in TensorFlow.js. Takes the operands from left to right, each
 * pair as one batched matrix product: 'bhqd,bhkd->bhqk' costs what the matMul would.
 */
export const einsum: tf.KernelConfig = {
  kernelName: 'Einsum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const operands = inputs as unknown as tf.TensorInfo[];
    const { equation } = attrs as unknown as { equation: string };
    const { allDims, summedDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, operands.length);
    tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, operands as tf.Tensor[]);
    // The indices of the output come first, in its order.
    const output = Array.from({ length: allDims.length - summedDims.length }, (_, label) => label);
    const contraction = new Contraction(backend as WasmBackend);
    const labelled = operands.map((tensor, i): Labelled => ({ tensor, labels: idDims[i] as number[] }));
    let result = labelled[0] as Labelled;
    for (let i = 1; i < labelled.length; i++) {
      const later = labelled.slice(i + 1).flatMap(({ labels }) => labels);
      result = contraction.multiply(result, labelled[i] as Labelled, [...output, ...later]);
    }
    return contraction.finish(result, output);
  },
};

/** Steps of an einsum, which keep track of what has to be disposed of. */
class Contraction {
  private readonly backend: WasmBackend;
  private readonly made: tf.TensorInfo[] = [];

  constructor(backend: WasmBackend) {
    this.backend = backend;
  }

  /** Sum of the products over the indices that nothing `needed` has. Result: shared indices, then left's own, then right's. */
  multiply(left: Labelled, right: Labelled, needed: readonly number[]): Labelled {
    const a = this.sumAway(left, [...needed, ...right.labels]);
    const b = this.sumAway(right, [...needed, ...left.labels]);
    const both = a.labels.filter((label) => b.labels.includes(label));
    const batch = both.filter((label) => needed.includes(label));
    const summed = both.filter((label) => !needed.includes(label));
    const ownA = a.labels.filter((label) => !both.includes(label));
    const ownB = b.labels.filter((label) => !both.includes(label));
    const size = (labels: readonly number[]) =>
      tf.util.sizeFromShape(labels.map((label) => sizeOf(label, a, b)));
    const leftMatrix = this.arrange(
      a,
      [...batch, ...ownA, ...summed],
      [size(batch), size(ownA), size(summed)],
    );
    const rightMatrix = this.arrange(
      b,
      [...batch, ...summed, ...ownB],
      [size(batch), size(summed), size(ownB)],
    );
    const product = this.keep(multiplyBatches(this.backend, leftMatrix, rightMatrix, false, false));
    const labels = [...batch, ...ownA, ...ownB];
    const shape = labels.map((label) => sizeOf(label, a, b));
    return { tensor: { ...product, shape }, labels };
  }

  /** Sums away what the output lacks and brings the rest in its order; disposes of everything else that was made. */
  finish(last: Labelled, output: readonly number[]): tf.TensorInfo {
    const { tensor, labels } = this.sumAway(last, output);
    const perm = output.map((label) => labels.indexOf(label));
    // Also where nothing moves: the result must be ours, not an operand.
    const out = runWasmKernel('Transpose', this.backend, { x: tensor }, { perm });
    for (const { dataId } of this.made) this.backend.disposeData(dataId);
    return out;
  }

  private sumAway({ tensor, labels }: Labelled, needed: readonly number[]): Labelled {
    const axis = labels.flatMap((label, at) => (needed.includes(label) ? [] : [at]));
    if (axis.length === 0) return { tensor, labels };
    const sum = this.keep(runWasmKernel('Sum', this.backend, { x: tensor }, { axis, keepDims: false }));
    return { tensor: sum, labels: labels.filter((label) => needed.includes(label)) };
  }

  private arrange({ tensor, labels }: Labelled, order: readonly number[], shape: number[]): tf.TensorInfo {
    const perm = order.map((label) => labels.indexOf(label));
    const inOrder = perm.every((from, to) => from === to);
    const x = inOrder ? tensor : this.keep(runWasmKernel('Transpose', this.backend, { x: tensor }, { perm }));
    return { ...x, shape };
  }

  private keep(tensor: tf.TensorInfo): tf.TensorInfo {
    this.made.push(tensor);
    return tensor;
  }
}

function sizeOf(label: number, ...operands: readonly Labelled[]): number {
  for (const { tensor, labels } of operands) {
    const size = tensor.shape[labels.indexOf(label)];
    if (size !== undefined) return size;
  }
  throw new Error(`einsum: no operand has index ${label}`);
}
