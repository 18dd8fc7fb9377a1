/** What training a model says of itself. Light: no TensorFlow.js. */
export interface Trained {
  /** Null if it came to its end; else where the loss stopped being a number. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly curve: readonly CurvePoint[];
  /** Recording and checkpoints included; with one thread, beside other cells. */
  readonly secondsPerStep: number;
}

export interface CurvePoint {
  /** Steps done. */
  readonly step: number;
  /** Mean training loss since the point before, in nats. */
  readonly loss: number;
}
