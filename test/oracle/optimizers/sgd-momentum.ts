/** Gradient descent with momentum in float64 and plain loops: torch.optim.SGD's b and Nesterov, with decoupled decay. */
export interface SgdMomentumOracleOptions {
  learningRate: number;
  momentum?: number;
  nesterov?: boolean;
  weightDecay?: number;
}

export class SgdMomentumOracle {
  readonly weights: number[];
  readonly m: number[];
  private readonly options: Required<SgdMomentumOracleOptions>;

  constructor(weights: readonly number[], options: SgdMomentumOracleOptions) {
    this.weights = [...weights];
    this.m = weights.map(() => 0);
    this.options = { momentum: 0.9, nesterov: false, weightDecay: 0, ...options };
  }

  step(gradient: readonly number[]): void {
    const { learningRate, momentum, nesterov, weightDecay } = this.options;
    for (let i = 0; i < this.weights.length; i++) {
      const g = gradient[i] as number;
      const w = this.weights[i] as number;
      const m = momentum * (this.m[i] as number) + g;
      this.m[i] = m;
      const update = nesterov ? g + momentum * m : m;
      this.weights[i] = w - learningRate * weightDecay * w - learningRate * update;
    }
  }
}
