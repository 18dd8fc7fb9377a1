/** SM3-II with momentum in float64 and plain loops, from Anil et al. (arXiv 1901.11150), for a tensor of any rank. */
export interface Sm3OracleOptions {
  learningRate: number;
  momentum?: number;
  weightDecay?: number;
}

export class Sm3Oracle {
  readonly weights: number[];
  readonly m: number[];
  /** One accumulator for each axis; a scalar has one of length 1. */
  readonly accumulators: number[][];
  private readonly shape: readonly number[];
  private readonly options: Required<Sm3OracleOptions>;

  constructor(weights: readonly number[], shape: readonly number[], options: Sm3OracleOptions) {
    this.weights = [...weights];
    this.m = weights.map(() => 0);
    this.shape = shape.length === 0 ? [1] : shape;
    this.accumulators = this.shape.map((length) => new Array<number>(length).fill(0));
    this.options = { momentum: 0, weightDecay: 0, ...options };
  }

  step(gradient: readonly number[]): void {
    const { learningRate, momentum, weightDecay } = this.options;
    const next = this.accumulators.map((a) => a.map(() => 0));
    for (let i = 0; i < this.weights.length; i++) {
      const g = gradient[i] as number;
      const at = this.indices(i);
      const nu = Math.min(...at.map((k, axis) => this.accumulators[axis]?.[k] as number)) + g * g;
      at.forEach((k, axis) => {
        const a = next[axis] as number[];
        a[k] = Math.max(a[k] as number, nu);
      });
      const m = momentum * (this.m[i] as number) + ((1 - momentum) * g) / Math.sqrt(nu + 1e-30);
      this.m[i] = m;
      this.weights[i] = (this.weights[i] as number) * (1 - learningRate * weightDecay) - learningRate * m;
    }
    next.forEach((a, axis) => {
      this.accumulators[axis] = a;
    });
  }

  /** Position along each axis of element `i` in row-major order. */
  private indices(i: number): number[] {
    const at: number[] = [];
    let rest = i;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      const length = this.shape[axis] as number;
      at.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    return at;
  }
}
