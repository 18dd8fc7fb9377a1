/** CAME in float64 and plain loops, literally as the paper's Algorithm 2 (means in place of sums); row-major arrays. */
export interface CameOracleOptions {
  learningRate: number;
  beta1?: number;
  beta2?: number;
  beta3?: number;
  epsilon1?: number;
  epsilon2?: number;
  clipThreshold?: number;
  weightDecay?: number;
  /** Not in the paper. */
  confidence?: boolean;
  biasCorrection?: 'none' | 'full';
  updateClip?: number;
  confidenceForVectors?: boolean;
  cautious?: boolean;
}

const DEFAULTS = {
  beta1: 0.9,
  beta2: 0.999,
  beta3: 0.9999,
  epsilon1: 1e-30,
  epsilon2: 1e-16,
  clipThreshold: 1,
  weightDecay: 0,
  confidence: true,
  biasCorrection: 'none' as const,
  updateClip: Number.POSITIVE_INFINITY,
  confidenceForVectors: false,
  cautious: false,
};

/** `shape` of rank 2 or more: [..., n, m], the leading axes a batch. Otherwise un-factored, without confidence. */
export class CameOracle {
  readonly weights: number[];
  readonly momentum: number[];
  /** v of an un-factored variable. */
  readonly secondMoment: number[];
  /** r, c, R, C, batch after batch. */
  readonly rowMoment: number[];
  readonly columnMoment: number[];
  readonly rowInstability: number[];
  readonly columnInstability: number[];
  /** S of an un-factored variable with confidence. */
  readonly instability: number[];
  steps = 0;
  /** RMS of the last update before the clip. */
  rms = 0;
  private readonly factored: boolean;
  private readonly batch: number;
  private readonly n: number;
  private readonly m: number;
  private readonly options: Required<CameOracleOptions>;

  constructor(shape: readonly number[], weights: readonly number[], options: CameOracleOptions) {
    this.options = { ...DEFAULTS, ...options };
    this.weights = [...weights];
    this.factored = shape.length >= 2;
    this.m = this.factored ? (shape[shape.length - 1] as number) : weights.length;
    this.n = this.factored ? (shape[shape.length - 2] as number) : 1;
    this.batch = weights.length / (this.n * this.m);
    this.momentum = zeros(weights.length);
    this.secondMoment = zeros(this.factored ? 0 : weights.length);
    this.rowMoment = zeros(this.factored ? this.batch * this.n : 0);
    this.columnMoment = zeros(this.factored ? this.batch * this.m : 0);
    this.rowInstability = zeros(this.rowMoment.length);
    this.columnInstability = zeros(this.columnMoment.length);
    this.instability = zeros(weights.length);
  }

  step(gradient: readonly number[]): void {
    const { learningRate, beta1, beta2, beta3, epsilon1, epsilon2, clipThreshold, weightDecay } =
      this.options;
    const squared = gradient.map((g) => g * g + epsilon1);
    let update: number[];
    if (this.factored) {
      this.average(squared, this.rowMoment, this.columnMoment, beta2);
      const v = this.product(this.rowMoment, this.columnMoment);
      update = gradient.map((g, i) => g / Math.sqrt(v[i] as number));
    } else {
      squared.forEach((x, i) => {
        this.secondMoment[i] = beta2 * (this.secondMoment[i] as number) + (1 - beta2) * x;
      });
      update = gradient.map((g, i) => g / Math.sqrt(this.secondMoment[i] as number));
    }
    this.rms = Math.sqrt(update.reduce((sum, u) => sum + u * u, 0) / update.length);
    const clipped = update.map((u) => u / Math.max(1, this.rms / clipThreshold));
    clipped.forEach((u, i) => {
      this.momentum[i] = beta1 * (this.momentum[i] as number) + (1 - beta1) * u;
    });
    this.steps++;
    const { confidence, biasCorrection, updateClip, confidenceForVectors, cautious } = this.options;
    const instability = clipped.map((u, i) => (u - (this.momentum[i] as number)) ** 2 + epsilon2);
    let s: number[] | undefined;
    if (this.factored && confidence) {
      this.average(instability, this.rowInstability, this.columnInstability, beta3);
      s = this.product(this.rowInstability, this.columnInstability);
    } else if (!this.factored && confidenceForVectors) {
      instability.forEach((y, i) => {
        this.instability[i] = beta3 * (this.instability[i] as number) + (1 - beta3) * y;
      });
      s = [...this.instability];
    }
    const full = biasCorrection === 'full';
    const numerator = full ? this.momentum.map((m) => m / (1 - beta1 ** this.steps)) : [...this.momentum];
    const denominator = full ? s?.map((x) => x / (1 - beta3 ** this.steps)) : s;
    let direction = numerator.map((m, i) => (denominator ? m / Math.sqrt(denominator[i] as number) : m));
    const rms = Math.sqrt(direction.reduce((sum, d) => sum + d * d, 0) / direction.length);
    direction = direction.map((d) => d / Math.max(1, rms / updateClip));
    if (cautious) {
      const mask = direction.map((d, i): number => (d * (gradient[i] as number) > 0 ? 1 : 0));
      const mean = mask.reduce((sum, bit) => sum + bit, 0) / mask.length;
      direction = direction.map((d, i) => (d * (mask[i] as number)) / Math.max(mean, 1e-3));
    }
    direction.forEach((d, i) => {
      this.weights[i] = (this.weights[i] as number) * (1 - learningRate * weightDecay) - learningRate * d;
    });
  }

  /** Moves the row and column averages towards the means of `x`. */
  private average(x: readonly number[], row: number[], column: number[], beta: number): void {
    const { batch, n, m } = this;
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < m; j++) sum += x[(b * n + i) * m + j] as number;
        row[b * n + i] = beta * (row[b * n + i] as number) + ((1 - beta) * sum) / m;
      }
      for (let j = 0; j < m; j++) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += x[(b * n + i) * m + j] as number;
        column[b * m + j] = beta * (column[b * m + j] as number) + ((1 - beta) * sum) / n;
      }
    }
  }

  /** row_i column_j / mean(row), matrix by matrix. */
  private product(row: readonly number[], column: readonly number[]): number[] {
    const { batch, n, m } = this;
    const result = zeros(batch * n * m);
    for (let b = 0; b < batch; b++) {
      let mean = 0;
      for (let i = 0; i < n; i++) mean += (row[b * n + i] as number) / n;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < m; j++) {
          result[(b * n + i) * m + j] = ((row[b * n + i] as number) * (column[b * m + j] as number)) / mean;
        }
      }
    }
    return result;
  }
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}
