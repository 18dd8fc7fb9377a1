/** Lion in float64 and plain loops, from Chen et al.'s Algorithm 2. */
export interface LionOracleOptions {
  learningRate: number;
  beta1?: number;
  beta2?: number;
  weightDecay?: number;
}

export class LionOracle {
  readonly weights: number[];
  readonly m: number[];
  private readonly options: Required<LionOracleOptions>;

  constructor(weights: readonly number[], options: LionOracleOptions) {
    this.weights = [...weights];
    this.m = weights.map(() => 0);
    this.options = { beta1: 0.9, beta2: 0.99, weightDecay: 0, ...options };
  }

  step(gradient: readonly number[]): void {
    const { learningRate, beta1, beta2, weightDecay } = this.options;
    for (let i = 0; i < this.weights.length; i++) {
      const g = gradient[i] as number;
      const w = this.weights[i] as number;
      const m = this.m[i] as number;
      const c = beta1 * m + (1 - beta1) * g;
      const update = c > 0 ? 1 : c < 0 ? -1 : 0;
      this.weights[i] = w - learningRate * (update + weightDecay * w);
      this.m[i] = beta2 * m + (1 - beta2) * g;
    }
  }
}
