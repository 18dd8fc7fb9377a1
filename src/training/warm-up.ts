import * as tf from '@tensorflow/tfjs';
import type { RandomStreams } from '../random/index.ts';
import type { TrainableModel } from './train-step.ts';

export interface WarmUpState {
  readonly model: TrainableModel;
  readonly optimizer: tf.Optimizer;
  /** Streams that the model draws from; without dropout there are none. */
  readonly streams: RandomStreams | undefined;
}

/**
 * Calls `compile` needs before a captured graph runs: one may create the optimizer's state, and two recordings must agree. They run
 * operation by operation, and a graph rounds otherwise in the last bits.
 */
const RECORDED_CALLS = 3;

/** Whether compiled functions differ from what they were compiled from: `compile` captures on this backend alone. */
export function isCaptured(): boolean {
  return tf.getBackend() === 'tensorflow';
}

/**
 * Calls `run` until its graphs are captured, and puts weights, optimizer and streams back as they were, so that every step of a run is
 * made by the graph. A run that was interrupted thus goes on with the same bits as one that was not, whose graph was there already.
 * Does nothing on backends that do not capture.
 *
 * @param run one training step; `even` alternates, for recordings must see different inputs
 */
export async function warmUp(
  run: (even: boolean) => void,
  { model, optimizer, streams }: WarmUpState,
): Promise<void> {
  if (!isCaptured()) return;
  const streamState = streams?.state();
  const iterations = optimizer.iterations;
  const variables = model.parameters().map(({ variable }) => variable);
  const before = variables.map((variable) => tf.clone(variable));
  const savedSlots = await slotsOf(optimizer);
  const slotsBefore = new Map([...savedSlots].map(([name, tensor]) => [name, tf.clone(tensor)]));
  try {
    for (let call = 0; call < RECORDED_CALLS; call++) run(call % 2 === 0);
  } finally {
    for (const [i, variable] of variables.entries()) variable.assign(before[i] as tf.Tensor);
    // In place: the graph is tied to the variables that hold the state.
    for (const [name, slot] of await slotsOf(optimizer)) {
      const value = slotsBefore.get(name) ?? tf.zerosLike(slot); // state begins at zero
      if (slot instanceof tf.Variable) slot.assign(value);
      if (!slotsBefore.has(name)) value.dispose();
    }
    tf.dispose([before, ...slotsBefore.values()]);
    // TensorFlow.js sets the count through setWeights only, which would replace the variables as well.
    (optimizer as unknown as { iterations_: number }).iterations_ = iterations;
    if (streamState !== undefined) streams?.restore(streamState);
  }
}

/** State by name without the count of steps; the tensors remain the optimizer's. */
async function slotsOf(optimizer: tf.Optimizer): Promise<Map<string, tf.Tensor>> {
  const weights = await optimizer.getWeights();
  return new Map(weights.filter(({ name }) => name !== 'iter').map(({ name, tensor }) => [name, tensor]));
}
