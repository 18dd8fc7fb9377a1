import * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../random/index.ts';
import type { Initializer } from './initializers.ts';
import type { KeyValueCache } from './key-value-cache.ts';
import type { AttentionMaps } from './score-processor.ts';

/** A trained weight of a model. */
export interface Parameter {
  /** Its place in the model: `blocks.0.attention.output.weight`. */
  readonly name: string;
  readonly variable: tf.Variable;
  /** Whether weight decay applies: true for the matrices of Linear and Embedding, false for biases and LayerNorm. */
  readonly decay: boolean;
}

/** What has parameters and owns them. */
export interface ParameterOwner {
  /** In a fixed order, with names unique within the owner. */
  parameters(): Parameter[];
  /** Frees the variables; the owner is unusable afterwards. A second call does nothing. */
  dispose(): void;
}

/** A map from [.., D] to [.., D'] with weights of its own. */
export interface Layer extends ParameterOwner {
  /** The caller owns the result. */
  apply(x: tf.Tensor, options?: ApplyOptions): tf.Tensor;
}

export interface ApplyOptions {
  /** Dropout is active only where this is true. Default false. */
  readonly training?: boolean;
  /** Keys and values of the positions before x; attention adds those of x to it. Default: x is the whole sequence. */
  readonly cache?: KeyValueCache;
  /**
   * How many query rows attention treats at once. Rows do not meet before the values, so the result is the same; memory grows
   * with queryBlock·T, not T². For evaluation: gradients would keep every block. Default: all rows.
   */
  readonly queryBlock?: number;
  /** float32 [B, T], 0 at keys that no query may see (padding), else 1. Default: all may be seen. Not with a cache. */
  readonly keyMask?: tf.Tensor2D;
  /** Called by each attention for each block of queries; the tensors live as long as the call (`tf.keep`, or read them). */
  readonly observe?: (maps: AttentionMaps) => void;
}

/** Makes a parameter with its own buffer, filled by `initializer` from `stream`. */
export function createParameter(
  name: string,
  shape: readonly number[],
  initializer: Initializer,
  stream: RandomStream,
  decay: boolean,
): Parameter {
  const values = initializer(shape, stream);
  const variable = tf.tidy(() => tf.variable(tf.tensor(values, [...shape], 'float32')));
  return { name, variable, decay };
}

/** The parameters of a part under the name that its owner gives it: `weight` of `query` is `query.weight`. */
export function prefixParameters(prefix: string, part: Pick<ParameterOwner, 'parameters'>): Parameter[] {
  return part.parameters().map((parameter) => ({ ...parameter, name: `${prefix}.${parameter.name}` }));
}

/** How many numbers are trained. */
export function countParameters(owner: Pick<ParameterOwner, 'parameters'>): number {
  return owner.parameters().reduce((sum, { variable }) => sum + variable.size, 0);
}

/**
 * For the groups of an optimizer, `{match: matchParameters(model, /embedding/), …}`: variables of TensorFlow.js have names that
 * are unique in the process, and not those of their parameters.
 */
export function matchParameters(
  owner: Pick<ParameterOwner, 'parameters'>,
  pattern: RegExp,
): (variableName: string) => boolean {
  const matching = owner.parameters().filter(({ name }) => name.search(pattern) >= 0);
  const names = new Set(matching.map(({ variable }) => variable.name));
  return (variableName) => names.has(variableName);
}
