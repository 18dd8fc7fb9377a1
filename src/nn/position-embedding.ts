import type * as tf from '@tensorflow/tfjs';
import type { ParameterOwner } from './parameter.ts';

/**
 * Vectors of the positions `first` … `first + length − 1`, [length, D], to be added to the tokens there. The caller owns them.
 * With weights of its own it carries `parameters` and `dispose`, and the model that it is given to owns it.
 *
 * @throws UserError for a position that it does not have
 */
export type PositionEmbedding = ((first: number, length: number) => tf.Tensor2D) & Partial<ParameterOwner>;
