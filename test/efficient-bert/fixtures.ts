import type { Matrix } from '../oracle/nn/functions.ts';

/** The searched expressions of the six layers, from the authors' scripts. */
export const FOUND = [
  'tanh(linear4_2(gelu(linear4_2(x,wb1)),wb2))',
  'elu(linear2_1(gelu(linear2_1(x,wb1)),wb2))',
  'sigmoid(linear1_2(relu(linear1_2(x,wb1)),wb2))',
  'linear2_2(gelu(linear2_2(max(x,tanh(x)),wb1)),wb2)',
  'linear1_2(relu(mul(linear1_2(x,wb1),x)),wb2)',
  'leaky_relu(linear2_3(gelu(linear2_3(x,wb1)),wb2))',
] as const;

/** The lattice of the golden numbers: element k, row by row, is ((a·k + c) mod 11 − 5)/10. */
export function lattice(count: number, a: number, c: number): number[] {
  return Array.from({ length: count }, (_, k) => (((a * k + c) % 11) - 5) / 10);
}

export function matrix(values: readonly number[], columns: number): Matrix {
  return Array.from({ length: values.length / columns }, (_, i) =>
    values.slice(i * columns, (i + 1) * columns),
  );
}

export function transposed(values: readonly number[], columns: number): number[] {
  const rows = values.length / columns;
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);
}
