import * as tf from '@tensorflow/tfjs';
import { fileValues, fillVariable, type StoredModel, type StoredTensor } from '../../src/bert/index.ts';
import { UserError } from '../../src/errors.ts';
import type { Architecture } from './architectures.ts';

const SUPERNET_EXPRESSION = 'linear4_1(gelu(linear4_1(x,wb1)),wb2)';

/** The supernet of an architecture: in every layer four plain networks at full width, so that it holds the weights of all. */
export function supernetOf(architecture: Architecture): Architecture {
  return { ...architecture, expressions: architecture.expressions.map(() => SUPERNET_EXPRESSION) };
}

/**
 * The first rows, columns and so on of an array.
 *
 * @param data row-major, of shape `from`
 * @param to as many axes as `from`, none longer
 */
export function leadingSlice(
  data: Float32Array,
  from: readonly number[],
  to: readonly number[],
): Float32Array {
  const stride = from.slice(1).reduce((product, length) => product * length, 1);
  if (from.length <= 1) return data.slice(0, to[0] ?? 1);
  const rows = Array.from({ length: to[0] as number }, (_, i) =>
    leadingSlice(data.subarray(i * stride, (i + 1) * stride), from.slice(1), to.slice(1)),
  );
  const width = rows[0]?.length ?? 0;
  const result = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) result.set(row, i * width);
  return result;
}

/**
 * Fills a model with the leading slices of a larger one's weights, the authors' way from a supernet of 540 channels to models of
 * 360: heads are cut apart, so that this is a warm start and no more. A model of twice (n times) as many layers gets each layer
 * twice (n times) in a row. Networks and hidden units that the model does not have are left out.
 *
 * @param source a supernet, with the same head where the model has one, or without
 * @throws UserError naming a weight that the source does not have, or has smaller, or for factorised embeddings of different widths:
 *   the map from E columns of three tokens side by side cannot be cut
 */
export async function copyFromSupernet(source: StoredModel, target: StoredModel): Promise<void> {
  const sources = new Map(source.stored().map((tensor) => [tensor.name, tensor]));
  const targets = target.stored();
  checkEmbeddingWidths(sources, new Map(targets.map((tensor) => [tensor.name, tensor])));
  const repeats = layersOf([...targets.map(({ name }) => name)]) / layersOf([...sources.keys()]);
  if (!Number.isInteger(repeats)) {
    throw new UserError('A model needs as many layers as its supernet, or a multiple of them.');
  }
  const pairs = targets.map((tensor) => {
    const name = tensor.name.replace(
      LAYER,
      (_, layer) => `encoder.layer.${Math.floor(Number(layer) / repeats)}.`,
    );
    const from = sources.get(name);
    if (from === undefined)
      throw new UserError(`The supernet has no ${name}, for ${tensor.name} of the model.`);
    if (
      from.shape.length !== tensor.shape.length ||
      from.shape.some((size, i) => size < (tensor.shape[i] ?? 0))
    ) {
      throw new UserError(
        `${name} of the supernet has shape [${from.shape}], too small for [${tensor.shape}] of ${tensor.name}.`,
      );
    }
    return { tensor, from };
  });
  const filled = new Map<tf.Variable, Float32Array>();
  for (const { tensor, from } of pairs) {
    const values = filled.get(tensor.variable) ?? new Float32Array(tensor.variable.size);
    filled.set(tensor.variable, values);
    const data = fileValues((await from.variable.data()) as Float32Array, from);
    fillVariable(values, tensor, leadingSlice(data, from.shape, tensor.shape));
  }
  for (const [variable, values] of filled) tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}

type ByName = ReadonlyMap<string, Pick<StoredTensor, 'shape'>>;

function checkEmbeddingWidths(source: ByName, target: ByName): void {
  const [own, wanted] = [source, target].map((tensors) => tensors.get('embeddings.word_embeddings.weight'));
  const factorised = source.has('embeddings.embedding_transformation.weight');
  if (!factorised || !own || !wanted || own.shape[1] === wanted.shape[1]) return;
  throw new UserError(
    `The supernet’s embedding is ${own.shape[1]} wide, the model’s ${wanted.shape[1]}: it is copied whole or not at all. ` +
      `Make the model with embeddingWidth: ${own.shape[1]}.`,
  );
}

const LAYER = /^encoder\.layer\.(\d+)\./;

function layersOf(names: readonly string[]): number {
  return 1 + Math.max(-1, ...names.map((name) => Number(LAYER.exec(name)?.[1] ?? -1)));
}
