/** LAMB in float64 and plain loops, from You et al.'s Algorithm 2 with φ(x) = x; norms over the whole variable. */
export interface LambOracleOptions {
  learningRate: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
  biasCorrection?: boolean;
  trust?: boolean;
}

export class LambOracle {
  readonly weights: number[];
  readonly m: number[];
  readonly v: number[];
  /** ‖W‖/‖q‖ of the last step. */
  trust = 1;
  private t = 0;
  private readonly options: Required<LambOracleOptions>;

  constructor(weights: readonly number[], options: LambOracleOptions) {
    this.weights = [...weights];
    this.m = weights.map(() => 0);
    this.v = weights.map(() => 0);
    const defaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weightDecay: 0.01 };
    this.options = { ...defaults, biasCorrection: true, trust: true, ...options };
  }

  step(gradient: readonly number[]): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay, biasCorrection, trust } = this.options;
    this.t++;
    const q: number[] = [];
    for (let i = 0; i < this.weights.length; i++) {
      const g = gradient[i] as number;
      const m = beta1 * (this.m[i] as number) + (1 - beta1) * g;
      const v = beta2 * (this.v[i] as number) + (1 - beta2) * g * g;
      this.m[i] = m;
      this.v[i] = v;
      const mHat = biasCorrection ? m / (1 - beta1 ** this.t) : m;
      const vHat = biasCorrection ? v / (1 - beta2 ** this.t) : v;
      q.push(mHat / (Math.sqrt(vHat) + epsilon) + weightDecay * (this.weights[i] as number));
    }
    const [weightNorm, updateNorm] = [norm(this.weights), norm(q)];
    this.trust = trust && weightNorm > 0 && updateNorm > 0 ? weightNorm / updateNorm : 1;
    for (let i = 0; i < this.weights.length; i++) {
      this.weights[i] = (this.weights[i] as number) - learningRate * this.trust * (q[i] as number);
    }
  }
}

function norm(x: readonly number[]): number {
  let sum = 0;
  for (const value of x) sum += value * value;
  return Math.sqrt(sum);
}
