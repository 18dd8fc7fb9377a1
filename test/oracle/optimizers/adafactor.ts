/** Adafactor in float64 and plain loops, from Shazeer & Stern's Algorithms 4 and 5, and fairseq's switches; row-major arrays. */
export interface AdafactorOracleOptions {
  learningRate?: number;
  relativeStep?: boolean;
  warmupInit?: boolean;
  scaleParameter?: boolean;
  beta1?: number;
  beta2?: number | null;
  decayExponent?: number;
  epsilon1?: number;
  epsilon2?: number;
  clipThreshold?: number;
  weightDecay?: number;
}

const DEFAULTS = {
  learningRate: 1e-2,
  relativeStep: true,
  warmupInit: false,
  scaleParameter: true,
  beta1: 0,
  beta2: null,
  decayExponent: 0.8,
  epsilon1: 1e-30,
  epsilon2: 1e-3,
  clipThreshold: 1,
  weightDecay: 0,
};

/** `shape` of rank 2 or more: [..., n, m], the leading axes a batch. Otherwise un-factored. */
export class AdafactorOracle {
  readonly weights: number[];
  readonly momentum: number[];
  readonly secondMoment: number[];
  readonly rowMoment: number[];
  readonly columnMoment: number[];
  /** αₜ and RMS(uₜ) before the clip, of the last step. */
  alpha = 0;
  rms = 0;
  private t = 0;
  private readonly rows: number;
  private readonly columns: number;
  private readonly factored: boolean;
  private readonly options: Required<AdafactorOracleOptions>;

  constructor(shape: readonly number[], weights: readonly number[], options: AdafactorOracleOptions) {
    this.options = { ...DEFAULTS, ...options };
    this.weights = [...weights];
    this.factored = shape.length >= 2;
    this.columns = this.factored ? (shape[shape.length - 1] as number) : 1;
    this.rows = this.factored ? (shape[shape.length - 2] as number) : 1;
    const batch = weights.length / (this.rows * this.columns);
    this.momentum = zeros(weights.length);
    this.secondMoment = zeros(this.factored ? 0 : weights.length);
    this.rowMoment = zeros(this.factored ? batch * this.rows : 0);
    this.columnMoment = zeros(this.factored ? batch * this.columns : 0);
  }

  /** State by the names of the optimizer's slots. */
  get slots(): Record<string, number[]> {
    const momentum = this.options.beta1 > 0 ? { m: this.momentum } : {};
    if (!this.factored) return { ...momentum, v: this.secondMoment };
    return { ...momentum, vr: this.rowMoment, vc: this.columnMoment };
  }

  step(gradient: readonly number[]): void {
    const { beta1, beta2, decayExponent, clipThreshold, weightDecay } = this.options;
    this.t++;
    this.alpha = this.stepSize();
    const update = this.direction(gradient, beta2 ?? 1 - this.t ** -decayExponent);
    this.rms = rootMeanSquare(update);
    for (let i = 0; i < update.length; i++) {
      const step = (this.alpha * (update[i] as number)) / Math.max(1, this.rms / clipThreshold);
      this.momentum[i] = beta1 * (this.momentum[i] as number) + (1 - beta1) * step;
      const w = this.weights[i] as number;
      this.weights[i] = w - this.alpha * weightDecay * w - (this.momentum[i] as number);
    }
  }

  private stepSize(): number {
    const { learningRate, relativeStep, warmupInit, scaleParameter, epsilon2 } = this.options;
    const relative = Math.min(warmupInit ? 1e-6 * this.t : 1e-2, 1 / Math.sqrt(this.t));
    const rho = relativeStep ? relative : learningRate;
    return scaleParameter ? Math.max(epsilon2, rootMeanSquare(this.weights)) * rho : rho;
  }

  /** Moves the second moments; g/√V. */
  private direction(gradient: readonly number[], beta2: number): number[] {
    const { rows, columns } = this;
    const squared = gradient.map((g) => g * g + this.options.epsilon1);
    if (!this.factored) {
      squared.forEach((x, i) => {
        this.secondMoment[i] = beta2 * (this.secondMoment[i] as number) + (1 - beta2) * x;
      });
      return gradient.map((g, i) => g / Math.sqrt(this.secondMoment[i] as number));
    }
    const update: number[] = [];
    for (let b = 0; b * rows * columns < gradient.length; b++) {
      const at = (i: number, j: number) => (b * rows + i) * columns + j;
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < columns; j++) sum += squared[at(i, j)] as number;
        const old = this.rowMoment[b * rows + i] as number;
        this.rowMoment[b * rows + i] = beta2 * old + ((1 - beta2) * sum) / columns;
      }
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let i = 0; i < rows; i++) sum += squared[at(i, j)] as number;
        const old = this.columnMoment[b * columns + j] as number;
        this.columnMoment[b * columns + j] = beta2 * old + ((1 - beta2) * sum) / rows;
      }
      const r = this.rowMoment.slice(b * rows, (b + 1) * rows);
      const mean = r.reduce((sum, value) => sum + value, 0) / rows;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          const v = ((r[i] as number) * (this.columnMoment[b * columns + j] as number)) / mean;
          update.push((gradient[at(i, j)] as number) / Math.sqrt(v));
        }
      }
    }
    return update;
  }
}

function rootMeanSquare(x: readonly number[]): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}
