/** AdamW in float64 and plain loops, from Loshchilov & Hutter's Algorithm 2 with torch's decay W(1 − ηλ). */
export interface AdamWOracleOptions {
  learningRate: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
}

export class AdamWOracle {
  readonly weights: number[];
  readonly m: number[];
  readonly v: number[];
  private t = 0;
  private readonly options: Required<AdamWOracleOptions>;

  constructor(weights: readonly number[], options: AdamWOracleOptions) {
    this.weights = [...weights];
    this.m = weights.map(() => 0);
    this.v = weights.map(() => 0);
    this.options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, ...options };
  }

  step(gradient: readonly number[]): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = this.options;
    this.t++;
    for (let i = 0; i < this.weights.length; i++) {
      const g = gradient[i] as number;
      const m = beta1 * (this.m[i] as number) + (1 - beta1) * g;
      const v = beta2 * (this.v[i] as number) + (1 - beta2) * g * g;
      this.m[i] = m;
      this.v[i] = v;
      const mHat = m / (1 - beta1 ** this.t);
      const vHat = v / (1 - beta2 ** this.t);
      const decayed = (this.weights[i] as number) * (1 - learningRate * weightDecay);
      this.weights[i] = decayed - (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
    }
  }
}
