/**
 * Muon in float64 and plain loops, from Jordan et al. (2024), for a matrix [inputs, outputs]; the iteration is written with explicit
 * transposes, as published.
 */
export interface MuonOracleOptions {
  learningRate: number;
  momentum?: number;
  nesterov?: boolean;
  weightDecay?: number;
  scale?: 'spectral' | 'adamw';
}

type Matrix = number[][];

export class MuonOracle {
  readonly weights: number[];
  readonly m: number[];
  private readonly rows: number;
  private readonly columns: number;
  private readonly options: Required<MuonOracleOptions>;

  constructor(
    weights: readonly number[],
    [rows, columns]: readonly [number, number],
    options: MuonOracleOptions,
  ) {
    this.weights = [...weights];
    this.m = weights.map(() => 0);
    this.rows = rows;
    this.columns = columns;
    this.options = { momentum: 0.95, nesterov: true, weightDecay: 0, scale: 'spectral', ...options };
  }

  step(gradient: readonly number[]): void {
    const { learningRate, momentum, nesterov, weightDecay, scale } = this.options;
    const ahead: number[] = [];
    gradient.forEach((g, i) => {
      const m = momentum * (this.m[i] as number) + (1 - momentum) * g;
      this.m[i] = m;
      ahead.push(nesterov ? momentum * m + (1 - momentum) * g : m);
    });
    const orthogonal = newtonSchulz(matrixOf(ahead, this.rows, this.columns)).flat();
    const s =
      scale === 'spectral'
        ? Math.sqrt(Math.max(1, this.columns / this.rows))
        : 0.2 * Math.sqrt(Math.max(this.rows, this.columns));
    for (let i = 0; i < this.weights.length; i++) {
      const decayed = (this.weights[i] as number) * (1 - learningRate * weightDecay);
      this.weights[i] = decayed - learningRate * s * (orthogonal[i] as number);
    }
  }
}

/** Five iterations. */
export function newtonSchulz(gradient: Matrix): Matrix {
  const tall = gradient.length > (gradient[0] as number[]).length;
  let x = tall ? transpose(gradient) : gradient;
  const norm = Math.sqrt(x.flat().reduce((sum, value) => sum + value * value, 0));
  x = x.map((row) => row.map((value) => value / (norm + 1e-7)));
  for (let k = 0; k < 5; k++) {
    const a = multiply(x, transpose(x));
    const aa = multiply(a, a);
    const b = a.map((row, i) => row.map((value, j) => -4.775 * value + 2.0315 * (aa[i]?.[j] as number)));
    const bx = multiply(b, x);
    x = x.map((row, i) => row.map((value, j) => 3.4445 * value + (bx[i]?.[j] as number)));
  }
  return tall ? transpose(x) : x;
}

function matrixOf(values: readonly number[], rows: number, columns: number): Matrix {
  return Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns));
}

function transpose(x: Matrix): Matrix {
  return (x[0] as number[]).map((_, j) => x.map((row) => row[j] as number));
}

function multiply(x: Matrix, y: Matrix): Matrix {
  return x.map((row) =>
    (y[0] as number[]).map((_, j) => row.reduce((sum, value, k) => sum + value * (y[k]?.[j] as number), 0)),
  );
}
