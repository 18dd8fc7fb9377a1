/** Adam-mini in float64 and plain loops, from Zhang et al. (arXiv 2406.16793), Algorithm 1. */
export interface AdamMiniOracleOptions {
  learningRate: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
}

export class AdamMiniOracle {
  readonly weights: number[];
  readonly m: number[];
  /** One for each block. */
  readonly v: number[];
  private t = 0;
  private readonly blockOf: readonly number[];
  private readonly options: Required<AdamMiniOracleOptions>;

  /** `blockOf`: the number of the block of each element, from 0. */
  constructor(weights: readonly number[], blockOf: readonly number[], options: AdamMiniOracleOptions) {
    this.weights = [...weights];
    this.m = weights.map(() => 0);
    this.v = new Array<number>(Math.max(...blockOf) + 1).fill(0);
    this.blockOf = blockOf;
    this.options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, ...options };
  }

  step(gradient: readonly number[]): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = this.options;
    this.t++;
    const sums = this.v.map(() => 0);
    const sizes = this.v.map(() => 0);
    gradient.forEach((g, i) => {
      const b = this.blockOf[i] as number;
      sums[b] = (sums[b] as number) + g * g;
      sizes[b] = (sizes[b] as number) + 1;
    });
    for (let b = 0; b < this.v.length; b++) {
      const mean = (sums[b] as number) / (sizes[b] as number);
      this.v[b] = beta2 * (this.v[b] as number) + (1 - beta2) * mean;
    }
    for (let i = 0; i < this.weights.length; i++) {
      this.m[i] = beta1 * (this.m[i] as number) + (1 - beta1) * (gradient[i] as number);
      const mHat = this.m[i] as number;
      const vHat = (this.v[this.blockOf[i] as number] as number) / (1 - beta2 ** this.t);
      const decayed = (this.weights[i] as number) * (1 - learningRate * weightDecay);
      this.weights[i] = decayed - (learningRate * mHat) / (1 - beta1 ** this.t) / (Math.sqrt(vHat) + epsilon);
    }
  }
}
