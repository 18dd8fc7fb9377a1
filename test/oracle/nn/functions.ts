/** Float64 oracles of the functions in src/nn, in plain loops from their definitions. A matrix is a list of rows. */

export type Vector = readonly number[];
export type Matrix = readonly Vector[];

export function at(values: Vector, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length}`);
  return value;
}

export function row(matrix: Matrix, index: number): Vector {
  const values = matrix[index];
  if (values === undefined) throw new RangeError(`row ${index} of ${matrix.length}`);
  return values;
}

/** xW + b, with W [in][out]. */
export function linear(x: Matrix, weight: Matrix, bias?: Vector): number[][] {
  return x.map((input) =>
    row(weight, 0).map((_, output) => {
      let sum = bias ? at(bias, output) : 0;
      for (let i = 0; i < input.length; i++) sum += at(input, i) * at(row(weight, i), output);
      return sum;
    }),
  );
}

/** Each row to mean 0 and variance 1 (biased, ε added to it), then scaled and shifted. */
export function layerNorm(x: Matrix, gain: Vector, bias: Vector, epsilon: number): number[][] {
  return x.map((values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return values.map(
      (value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * at(gain, i) + at(bias, i),
    );
  });
}

/** erf by its Taylor series, Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)) · 2/√π, good to 1e-12 for |x| ≤ 4, and ±1 beyond 6. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  // The series with only positive terms, e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!, does not cancel.
  let term = x;
  let sum = x;
  for (let n = 1; n < 300; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return ((2 * sum) / Math.sqrt(Math.PI)) * Math.exp(-x * x);
}

export function gelu(x: number): number {
  return (x * (1 + erf(x / Math.SQRT2))) / 2;
}

export function geluTanh(x: number): number {
  return (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;
}

export function softmax(values: Vector): number[] {
  const largest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

/** Softmax of each row over the keys that the query may see; the others get 0. Queries are the last of the positions. */
export function maskedSoftmax(scores: Matrix, causal: boolean): number[][] {
  return scores.map((values, query) => {
    const visible = causal ? values.length - scores.length + query + 1 : values.length;
    const weights = softmax(values.slice(0, visible));
    return values.map((_, key) => (key < visible ? at(weights, key) : 0));
  });
}

/** Σ wᵢ·(−log softmax(logitsᵢ)[labelᵢ]) / Σ wᵢ, all w = 1 unless given. */
export function crossEntropy(logits: Matrix, labels: Vector, weights?: Vector): number {
  let sum = 0;
  let total = 0;
  logits.forEach((values, i) => {
    const weight = weights ? at(weights, i) : 1;
    const largest = Math.max(...values);
    const logSum = largest + Math.log(values.reduce((acc, value) => acc + Math.exp(value - largest), 0));
    sum += weight * (logSum - at(values, at(labels, i)));
    total += weight;
  });
  return sum / total;
}
