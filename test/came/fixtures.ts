/** The fixtures of the golden steps, F, V, B and K, with the shapes they are used in. */
export interface Fixture {
  readonly shape: readonly number[];
  readonly weights: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const range = (length: number, f: (i: number) => number) => Array.from({ length }, (_, i) => f(i));

export const F: Fixture = {
  shape: [2, 3],
  weights: [0.5, -0.3, 0.8, -1.2, 0.7, 0.1],
  gradients: [
    [0.1, -0.2, 0.3, 0.4, 0.05, -0.6],
    [-0.05, 0.25, 0.1, 0.3, -0.15, -0.2],
    [0.2, 0, -0.1, -0.3, 0.1, 0.05],
  ],
};

export const V: Fixture = {
  shape: [4],
  weights: [0.5, -0.3, 0.8, -1.2],
  gradients: [
    [0.1, -0.2, 0.3, 0.4],
    [-0.05, 0.25, 0.1, 0.3],
  ],
};

export const B: Fixture = {
  shape: [2, 2, 3],
  weights: range(12, (i) => 0.1 * (i - 6) + 0.05 * (-1) ** i),
  gradients: [range(12, (i) => 0.05 * (((7 * i) % 11) - 5)), range(12, (i) => 0.03 * (((5 * i) % 13) - 6))],
};

export const K: Fixture = {
  shape: [2, 2, 2, 3],
  weights: range(24, (i) => 0.02 * (((5 * i) % 23) - 11)),
  gradients: [range(24, (i) => 0.01 * (((7 * i) % 19) - 9)), range(24, (i) => 0.01 * (((11 * i) % 17) - 8))],
};

export function transposed(fixture: Fixture): Fixture {
  const [rows, columns] = fixture.shape as [number, number];
  const swap = (x: readonly number[]) =>
    range(x.length, (k) => x[(k % rows) * columns + Math.floor(k / rows)] as number);
  return { shape: [columns, rows], weights: swap(fixture.weights), gradients: fixture.gradients.map(swap) };
}

/** The fixture with each gradient passed through `f`. */
export function withGradients(
  fixture: Fixture,
  f: (gradient: readonly number[], step: number) => readonly number[],
): Fixture {
  return { ...fixture, gradients: fixture.gradients.map(f) };
}
