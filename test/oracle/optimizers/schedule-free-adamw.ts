/**
 * Schedule-Free AdamW in float64 and plain loops, from Defazio et al. (arXiv 2405.15682), Algorithm 1, with x, y and z all kept;
 * Σw and the greatest learning rate as in the authors' code.
 */
export interface ScheduleFreeOracleOptions {
  learningRate: (step: number) => number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
  warmupSteps?: number;
  averagingPower?: number;
}

export class ScheduleFreeOracle {
  /** y */
  readonly weights: number[];
  readonly x: number[];
  readonly z: number[];
  readonly v: number[];
  private t = 0;
  private sum = 0;
  private greatest = 0;
  private readonly options: Required<ScheduleFreeOracleOptions>;

  constructor(weights: readonly number[], options: ScheduleFreeOracleOptions) {
    this.weights = [...weights];
    this.x = [...weights];
    this.z = [...weights];
    this.v = weights.map(() => 0);
    const defaults = {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      warmupSteps: 0,
      averagingPower: 0,
    };
    this.options = { ...defaults, ...options };
  }

  step(gradient: readonly number[]): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay, warmupSteps, averagingPower } = this.options;
    this.t++;
    const rate = learningRate(this.t) * (this.t < warmupSteps ? this.t / warmupSteps : 1);
    this.greatest = Math.max(this.greatest, rate);
    const weight = this.t ** averagingPower * this.greatest * this.greatest;
    this.sum += weight;
    const c = weight / this.sum;
    for (let i = 0; i < this.weights.length; i++) {
      const g = gradient[i] as number;
      const v = beta2 * (this.v[i] as number) + (1 - beta2) * g * g;
      const step =
        g / (Math.sqrt(v / (1 - beta2 ** this.t)) + epsilon) + weightDecay * (this.weights[i] as number);
      const z = (this.z[i] as number) - rate * step;
      const x = (1 - c) * (this.x[i] as number) + c * z;
      this.v[i] = v;
      this.z[i] = z;
      this.x[i] = x;
      this.weights[i] = (1 - beta1) * z + beta1 * x;
    }
  }
}
