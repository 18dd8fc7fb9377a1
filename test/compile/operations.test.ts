import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { booleans, counts, hasTensorflow, integers, type Maker, normal, positive } from './tensorflow.ts';

// biome-ignore lint/suspicious/noExplicitAny: a table of functions of different ranks
type Operation = (...tensors: any[]) => tf.Tensor | tf.Tensor[];
type Row = readonly [name: string, operation: Operation, ...makers: Maker[]];

interface Raw {
  executeSingleOutput(op: string, attributes: object[], inputs: tf.Tensor[]): tf.Tensor;
}
const raw = () => tf.backend() as unknown as Raw;

/** Operations of which the forward and the gradient by every float argument are compared. */
const DIFFERENTIABLE: readonly Row[] = [
  ['add', (a, b) => a.add(b), normal(3, 4), normal(4)],
  ['sub', (a, b) => a.sub(b), normal(3, 1), normal(3, 4)],
  ['mul', (a, b) => a.mul(b), normal(3, 4), normal(3, 4)],
  ['div', (a, b) => a.div(b), normal(3, 4), positive(4)],
  ['pow', (a, b) => a.pow(b), positive(3, 4), positive(3, 4)],
  ['maximum', (a, b) => tf.maximum(a, b), normal(3, 4), normal(3, 4)],
  ['minimum', (a, b) => tf.minimum(a, b), normal(3, 4), normal(3, 4)],
  ['squaredDifference', (a, b) => tf.squaredDifference(a, b), normal(3, 4), normal(3, 4)],
  ['addN', (a, b, c) => tf.addN([a, b, c]), normal(2, 2), normal(2, 2), normal(2, 2)],
  ['matMul', (a, b) => tf.matMul(a, b), normal(3, 4), normal(4, 2)],
  ['matMul transposed', (a, b) => tf.matMul(a, b, true, true), normal(4, 3), normal(2, 4)],
  ['batched matMul', (a, b) => tf.matMul(a, b, false, true), normal(2, 3, 4), normal(2, 5, 4)],
  ['conv2d', (x, w) => tf.conv2d(x, w, 1, 'same'), normal(2, 5, 6, 3), normal(3, 3, 3, 4)],
  ['conv2d stride 2', (x, w) => tf.conv2d(x, w, 2, 'valid'), normal(1, 7, 7, 2), normal(3, 3, 2, 3)],
  ['depthwiseConv2d', (x, w) => tf.depthwiseConv2d(x, w, 1, 'same'), normal(1, 5, 5, 2), normal(3, 3, 2, 1)],
  ['maxPool', (x) => tf.maxPool(x, 2, 2, 'valid'), normal(1, 4, 4, 2)],
  ['avgPool', (x) => tf.avgPool(x, 2, 1, 'same'), normal(1, 4, 4, 2)],
  ['softmax', (x) => tf.softmax(x), normal(3, 5)],
  ['logSoftmax', (x) => tf.logSoftmax(x), normal(3, 5)],
  ['logSumExp', (x) => tf.logSumExp(x, 1), normal(3, 5)],
  ['sum', (x) => x.sum([0, 2]), normal(2, 3, 4)],
  ['mean', (x) => x.mean(1, true), normal(2, 3, 4)],
  ['max', (x) => x.max(1), normal(3, 5)],
  ['min', (x) => x.min(0), normal(3, 5)],
  ['prod', (x) => x.prod(0), positive(3, 5)],
  ['moments', (x) => tf.moments(x, -1, true).variance, normal(3, 5)],
  ['exp', (x) => x.exp(), normal(7)],
  ['expm1', (x) => x.expm1(), normal(7)],
  ['log', (x) => x.log(), positive(7)],
  ['log1p', (x) => x.log1p(), positive(7)],
  ['sqrt', (x) => x.sqrt(), positive(7)],
  ['rsqrt', (x) => x.rsqrt(), positive(7)],
  ['square', (x) => x.square(), normal(7)],
  ['reciprocal', (x) => x.reciprocal(), positive(7)],
  ['abs', (x) => x.abs(), normal(7)],
  ['neg', (x) => x.neg(), normal(7)],
  ['sin', (x) => x.sin(), normal(7)],
  ['cos', (x) => x.cos(), normal(7)],
  ['atan', (x) => x.atan(), normal(7)],
  ['tanh', (x) => x.tanh(), normal(7)],
  ['erf', (x) => tf.erf(x), normal(7)],
  ['sigmoid', (x) => x.sigmoid(), normal(7)],
  ['softplus', (x) => x.softplus(), normal(7)],
  ['relu', (x) => x.relu(), normal(7)],
  ['relu6', (x) => x.relu6(), normal(7)],
  ['elu', (x) => x.elu(), normal(7)],
  ['selu', (x) => x.selu(), normal(7)],
  ['leakyRelu', (x) => x.leakyRelu(0.01), normal(7)],
  ['prelu', (x, a) => x.prelu(a), normal(3, 4), normal(4)],
  ['clipByValue', (x) => x.clipByValue(-0.5, 0.5), normal(9)],
  ['where', (c, a, b) => tf.where(c, a, b), booleans(3, 4), normal(3, 4), normal(3, 4)],
  ['gather', (x, i) => tf.gather(x, i), normal(5, 3), integers(5, 2, 4)],
  ['unsortedSegmentSum', (x, i) => tf.unsortedSegmentSum(x, i, 3), normal(6, 2), integers(3, 6)],
  ['concat', (a, b) => tf.concat([a, b], 1), normal(2, 3), normal(2, 4)],
  ['stack', (a, b) => tf.stack([a, b], 1), normal(2, 3), normal(2, 3)],
  ['unstack', (x) => tf.unstack(x, 1), normal(2, 3)],
  ['split', (x) => tf.split(x, [1, 3], 1), normal(2, 4)],
  ['slice', (x) => tf.slice(x, [1, 0], [2, 3]), normal(4, 5)],
  ['tile', (x) => tf.tile(x, [2, 3]), normal(2, 2)],
  ['pad', (x) => tf.pad(x, [[1, 0], [0, 2]], 0.5), normal(2, 2)], // biome-ignore format: one row
  ['cumsum', (x) => tf.cumsum(x, 1, true, true), normal(2, 5)],
  ['reshape', (x) => x.reshape([2, 6]), normal(3, 4)],
  ['expandDims', (x) => x.expandDims(1), normal(3, 4)],
  ['squeeze', (x) => x.squeeze([1]), normal(3, 1, 4)],
  ['transpose', (x) => tf.transpose(x, [2, 0, 1]), normal(2, 3, 4)],
  ['reverse', (x) => tf.reverse(x, 1), normal(2, 3)],
  ['broadcastTo', (x) => tf.broadcastTo(x, [3, 4]), normal(1, 4)],
  ['batchNorm', (x, m, v, b, s) => tf.batchNorm(x, m, v, b, s, 1e-3), normal(2, 3, 3, 2), normal(2), positive(2), normal(2), normal(2)], // biome-ignore format: one row
  ['resizeBilinear', (x) => tf.image.resizeBilinear(x, [4, 6]), normal(1, 2, 3, 2)],
  ['spaceToBatchND', (x) => tf.spaceToBatchND(x, [2, 2], [[0, 0], [0, 0]]), normal(1, 4, 4, 1)], // biome-ignore format: one row
  ['atan2', (a, b) => tf.atan2(a, b), normal(5), positive(5)],
  ['mod', (a, b) => tf.mod(a, b), normal(5), positive(5)],
  ['fused matMul', (a, b, c) => tf.fused.matMul({ a, b, bias: c, activation: 'relu' }), normal(3, 4), normal(4, 2), normal(2)], // biome-ignore format: one row
  ['dot of many', (a, b) => tf.tidy(() => a.mul(b).sum().add(a.sum())), normal(5), normal(5)],
];

const FORWARD_ONLY: readonly Row[] = [
  ['mean of int32', (x) => x.mean(), integers(9, 7)],
  ['sum of int32', (x) => x.sum(0), integers(9, 3, 2)],
  ['sum of bool', (x) => x.sum(), booleans(9)],
  ['argMax', (x) => x.argMax(1), normal(3, 5)],
  ['argMin', (x) => x.argMin(0), normal(3, 5)],
  ['topk', (x) => Object.values(tf.topk(x, 2)), normal(3, 5)],
  ['oneHot', (i) => tf.oneHot(i, 4), integers(4, 2, 3)],
  ['cast to int32', (x) => x.cast('int32'), positive(6)],
  ['cast to bool', (x) => x.cast('bool'), integers(2, 6)],
  ['cast to float32', (x) => x.cast('float32'), booleans(6)],
  ['logicalAnd', (a, b) => tf.logicalAnd(a, b), booleans(6), booleans(6)],
  ['logicalOr', (a, b) => tf.logicalOr(a, b), booleans(6), booleans(6)],
  ['logicalXor', (a, b) => tf.logicalXor(a, b), booleans(6), booleans(6)],
  ['logicalNot', (a) => tf.logicalNot(a), booleans(6)],
  ['all', (a) => tf.all(a, 1), booleans(3, 2)],
  ['any', (a) => tf.any(a, 0), booleans(3, 2)],
  ['equal', (a, b) => tf.equal(a, b), integers(3, 6), integers(3, 6)],
  ['notEqual', (a, b) => tf.notEqual(a, b), integers(3, 6), integers(3, 6)],
  ['greater', (a, b) => tf.greater(a, b), normal(6), normal(6)],
  ['greaterEqual', (a, b) => tf.greaterEqual(a, b), integers(3, 6), integers(3, 6)],
  ['less', (a, b) => tf.less(a, b), normal(6), normal(6)],
  ['lessEqual', (a, b) => tf.lessEqual(a, b), integers(3, 6), integers(3, 6)],
  ['isNaN', (x) => tf.isNaN(x.log()), normal(6)],
  ['isFinite', (x) => tf.isFinite(x.log()), normal(6)],
  ['floor', (x) => x.floor(), normal(6)],
  ['ceil', (x) => x.ceil(), normal(6)],
  ['round', (x) => x.round(), normal(6)],
  ['sign', (x) => x.sign(), normal(6)],
  ['step', (x) => x.step(0.3), normal(6)],
  ['floorDiv', (a, b) => tf.floorDiv(a, b), integers(9, 6), (call) => tf.scalar(2 + (call % 2), 'int32')],
  ['stridedSlice', (x) => tf.stridedSlice(x, [0, 4], [3, 0], [2, -1]), normal(3, 5)],
  ['gatherND', (x, i) => tf.gatherND(x, i), normal(3, 4), integers(3, 5, 2)],
  ['gather with batch dimensions', (x, i) => tf.gather(x, i, 1, 1), normal(2, 5), integers(5, 2, 3)],
  ['scatterND', (i, u) => tf.scatterND(i, u, [6]), integers(6, 3, 1), normal(3)],
  ['einsum', (a, b) => tf.einsum('bij,bjk->bik', a, b), normal(2, 3, 4), normal(2, 4, 2)],
  ['cumprod', (x) => tf.cumprod(x, 0), positive(4)],
  ['bandPart', (x) => tf.linalg.bandPart(x, 0, -1), normal(4, 4)],
  ['diag', (x) => tf.diag(x), normal(3)],
  ['onesLike and zerosLike', (x) => [tf.onesLike(x), tf.zerosLike(x)], normal(3)],
  [
    'constants',
    (x) =>
      x
        .add(tf.range(0, 6))
        .mul(tf.fill([6], 2))
        .add(tf.linspace(0, 1, 6)),
    normal(6),
  ],
  ['complex', (a, b) => tf.abs(tf.complex(a, b)), normal(4), normal(4)],
  ['real FFT', (x) => tf.real(tf.spectral.rfft(x)), normal(8)],
  ['NaN and infinity', (x) => x.log().div(tf.scalar(0)), normal(6)],
  [
    'dropout by StatelessRandomUniform',
    (x, seed) => {
      const shape = tf.tensor1d(x.shape, 'int32');
      const types = { dtype: 1, T: 3, Tseed: 3 };
      const attributes = Object.entries(types).map(([name, value]) => ({ name, type: 4, value }));
      const uniform = raw().executeSingleOutput('StatelessRandomUniform', attributes, [shape, seed]);
      return x.mul(uniform.greater(0.5)).mul(2);
    },
    normal(8, 9),
    integers(1e6, 2),
  ],
];

const CALLS = 4; // two recordings and two replays

/** Calls the compiled and the plain function side by side, each time on new values. */
async function expectSame(operation: Operation, makers: readonly Maker[]): Promise<void> {
  const list = (...tensors: tf.Tensor[]) => [operation(...tensors)].flat();
  const compiled = compile(list);
  const before = counts();
  for (let call = 0; call < CALLS; call++) {
    const tensors = makers.map((make) => make(call));
    const expected = tf.tidy(() => list(...tensors));
    const actual = compiled(...tensors);
    expect(actual.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
      expected.map(({ dtype, shape }) => ({ dtype, shape })),
    );
    for (const [i, tensor] of actual.entries()) {
      await expectAllClose(tensor, expected[i] as tf.Tensor);
    }
    tf.dispose([tensors, expected, actual]);
  }
  expect(counts()).toEqual({ ...before, graphs: before.graphs + 1 });
  compiled.dispose();
  expect(counts()).toEqual(before);
}

/** d/d(every float argument) of Σ w·f, with weights that tell the elements apart. */
function gradientOf(operation: Operation): Operation {
  return (...tensors: tf.Tensor[]) => {
    const floats = tensors.filter(({ dtype }) => dtype === 'float32');
    const gradients = tf.grads((...inner: tf.Tensor[]) => {
      const all = tensors.map((tensor) =>
        floats.includes(tensor) ? (inner[floats.indexOf(tensor)] as tf.Tensor) : tensor,
      );
      const terms = [operation(...all)].flat().map((output) => {
        const weights = tf.range(1, output.size + 1).reshape(output.shape);
        return output.mul(weights).sum();
      });
      return terms.reduce((sum, term) => sum.add(term)).asScalar();
    });
    return gradients(floats);
  };
}

describe.skipIf(!hasTensorflow)('operations, compiled and eager', () => {
  afterAll(() => tf.disposeVariables());

  for (const [name, operation, ...makers] of [...DIFFERENTIABLE, ...FORWARD_ONLY]) {
    test(name, () => expectSame(operation, makers));
  }
  for (const [name, operation, ...makers] of DIFFERENTIABLE) {
    test(`gradient of ${name}`, () => expectSame(gradientOf(operation), makers));
  }
});
