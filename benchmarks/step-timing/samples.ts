/** Which values of which tensor are compared. */
export interface ValueSample {
  readonly index: number;
  readonly elements: readonly number[];
}

const ELEMENTS = 500;

/**
 * Of BERT's weights the token embedding, a LayerNorm gain, an attention kernel, a feed-forward kernel and the last bias, some
 * values of each; of other lists the tensors at the same places.
 */
export function chooseSamples(shapes: readonly (readonly number[])[]): ValueSample[] {
  const feedForward = shapes.findIndex(
    ([inputs, outputs]) => outputs !== undefined && outputs > (inputs as number),
  );
  const there = [0, 3, 5, feedForward, shapes.length - 1].filter(
    (index) => index >= 0 && index < shapes.length,
  );
  return [...new Set(there)].map((index) => {
    const size = (shapes[index] as readonly number[]).reduce((product, length) => product * length, 1);
    const count = Math.min(size, ELEMENTS);
    return { index, elements: Array.from({ length: count }, (_, at) => Math.floor((at * size) / count)) };
  });
}
