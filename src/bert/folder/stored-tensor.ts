import type * as tf from '@tensorflow/tfjs';
import type { InputEmbedding, SelfAttention } from '../../nn/encoder/index.ts';
import type { Embedding, LayerNorm, Linear, Parameter } from '../../nn/index.ts';

/** What a tensor belongs to: models for other tasks share the encoder, most the pooler, and none the head. */
export type StoredPart = 'encoder' | 'fit' | 'pooler' | 'head';

/** A tensor of a file, and where it goes in a variable of ours. */
export interface StoredTensor {
  readonly name: string;
  /** In the file. */
  readonly shape: readonly number[];
  readonly variable: tf.Variable;
  /** Whether the file has [out, in] where the variable has [in, out]. */
  readonly transposed: boolean;
  /** First column of the variable that it fills, on the last axis: queries, keys and values lie side by side. */
  readonly column: number;
  readonly part: StoredPart;
}

type Loose = Omit<StoredTensor, 'part'>;

export function inPart(part: StoredPart, tensors: readonly Loose[]): StoredTensor[] {
  return tensors.map((tensor) => ({ ...tensor, part }));
}

/** A parameter as it is. */
export function storedParameter(name: string, { variable }: Parameter): Loose {
  return { name, shape: variable.shape, variable, transposed: false, column: 0 };
}

export function storedEmbedding(name: string, embedding: Embedding): Loose {
  return storedParameter(`${name}.weight`, embedding.weight);
}

/** What is normalised by a gain and a bias. */
export function storedNorm(name: string, norm: Pick<LayerNorm, 'gain' | 'bias'>): Loose[] {
  return [storedParameter(`${name}.weight`, norm.gain), storedParameter(`${name}.bias`, norm.bias)];
}

export function storedLinear(name: string, linear: Linear): Loose[] {
  const [, outputs] = linear.weight.variable.shape as [number, number];
  return storedColumns(name, linear, 0, outputs);
}

/** Some outputs of a linear map as a map of their own. */
export function storedColumns(name: string, linear: Linear, column: number, outputs: number): Loose[] {
  const [inputs] = linear.weight.variable.shape as [number, number];
  const weight: Loose = {
    name: `${name}.weight`,
    shape: [outputs, inputs],
    variable: linear.weight.variable,
    transposed: true,
    column,
  };
  if (!linear.bias) return [weight];
  const { variable } = linear.bias;
  return [weight, { name: `${name}.bias`, shape: [outputs], variable, transposed: false, column }];
}

/** Segments, positions and LayerNorm; of the vectors of tokens each model has its own kind. */
export function storedInput({ segments, positions, norm }: InputEmbedding): Loose[] {
  return [
    storedEmbedding('embeddings.position_embeddings', positions),
    storedEmbedding('embeddings.token_type_embeddings', segments),
    ...storedNorm('embeddings.LayerNorm', norm as LayerNorm),
  ];
}

export function storedAttention(name: string, { queryKeyValue, output }: SelfAttention): Loose[] {
  const [width] = queryKeyValue.weight.variable.shape as [number, number];
  return [
    ...storedColumns(`${name}.self.query`, queryKeyValue, 0, width),
    ...storedColumns(`${name}.self.key`, queryKeyValue, width, width),
    ...storedColumns(`${name}.self.value`, queryKeyValue, 2 * width, width),
    ...storedLinear(`${name}.output.dense`, output),
  ];
}

/** Writes a file's numbers into those of the variable. */
export function fillVariable(values: Float32Array, tensor: StoredTensor, data: Float32Array): void {
  eachElement(tensor, (inVariable, inFile) => {
    values[inVariable] = data[inFile] as number;
  });
}

/** The file's numbers from those of the variable. */
export function fileValues(values: Float32Array, tensor: StoredTensor): Float32Array {
  const size = tensor.shape.reduce((product, length) => product * length, 1);
  if (!tensor.transposed && size === values.length) return values;
  const data = new Float32Array(size);
  eachElement(tensor, (inVariable, inFile) => {
    data[inFile] = values[inVariable] as number;
  });
  return data;
}

function eachElement(tensor: StoredTensor, visit: (inVariable: number, inFile: number) => void): void {
  const { shape, variable, transposed, column } = tensor;
  const stride = variable.shape.at(-1) ?? 1;
  if (transposed) {
    const [outputs, inputs] = shape as [number, number];
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) visit(i * stride + column + o, o * inputs + i);
    return;
  }
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns; c++) visit(row * stride + column + c, row * columns + c);
}
