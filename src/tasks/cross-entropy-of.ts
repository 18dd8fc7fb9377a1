/** Cross-entropy of one row of logits that were read, in nats. */
export function crossEntropyOf(logits: ArrayLike<number>, label: number): number {
  const values = Array.from(logits);
  const most = Math.max(...values);
  const total = values.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  return most + Math.log(total) - (values[label] as number);
}
