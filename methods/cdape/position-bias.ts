import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import type { AttentionContext, ParameterOwner, ScoreProcessor } from '../../src/nn/index.ts';

/** What a position bias needs to know of the attention that it serves. */
export type PositionBiasContext = Pick<AttentionContext, 'queryLength' | 'keyLength' | 'heads' | 'causal'>;

/**
 * P [H, Tq, Tk], a function of the distances between queries and keys alone. With weights of its own it carries `parameters`
 * and `dispose`; whoever it is given to owns it.
 */
export type PositionBias = ((context: PositionBiasContext) => tf.Tensor3D) & Partial<ParameterOwner>;

/** The base method by itself, A = S + P, as a score processor that owns the bias. */
export function addBias(bias: PositionBias): ScoreProcessor & ParameterOwner {
  const process: ScoreProcessor = (scores, context) =>
    tf.tidy(() => tf.add(scores, bias(context)) as tf.Tensor4D);
  return Object.assign(process, {
    parameters: () => bias.parameters?.() ?? [],
    dispose: () => bias.dispose?.(),
  });
}

/** @throws UserError where the bias has other heads than the attention, or the attention is not causal */
export function checkContext(name: string, heads: number, context: PositionBiasContext): void {
  if (context.heads !== heads) {
    throw new UserError(`${name}: made for ${heads} heads, but the attention has ${context.heads}.`);
  }
  if (!context.causal) {
    throw new UserError(
      `${name}: distances are defined for causal attention only; use it with causal: true.`,
    );
  }
}
