import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import type { AttentionContext, ParameterOwner, ScoreProcessor } from '../../src/nn/index.ts';

/** What a position bias needs to know of the attention that it serves. */
export type PositionBiasContext = Pick<AttentionContext, 'queryLength' | 'keyLength' | 'heads' | 'causal'> &
  Partial<Pick<AttentionContext, 'firstQuery'>>;

/**
 * P [H, Tq, Tk], a function of the distances between queries and keys alone. With weights of its own it carries `parameters`
 * and `dispose`; whoever it is given to owns it.
 */
export type PositionBias = ((context: PositionBiasContext) => tf.Tensor3D) & Partial<ParameterOwner>;

/** A score processor with weights, or none, of its own, that can give its P. */
export type BiasedProcessor = ScoreProcessor & ParameterOwner & { readonly bias?: PositionBias | undefined };

/** The base method by itself, A = S + P, as a score processor that owns the bias. */
export function addBias(bias: PositionBias): BiasedProcessor {
  const process: ScoreProcessor = (scores, context) =>
    tf.tidy(() => tf.add(scores, bias(context)) as tf.Tensor4D);
  return Object.assign(process, {
    bias,
    parameters: () => bias.parameters?.() ?? [],
    dispose: () => bias.dispose?.(),
  });
}

/** @throws UserError where the bias has other heads than the attention */
export function checkHeads(name: string, heads: number, context: Pick<AttentionContext, 'heads'>): void {
  if (context.heads !== heads) {
    throw new UserError(`${name}: made for ${heads} heads, but the attention has ${context.heads}.`);
  }
}
