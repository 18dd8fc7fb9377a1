/** Seeded numbers for tests (mulberry32), independent of src/random so that its tests do not test themselves. */
export class RandomNumbers {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1). */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** In 0 … bound − 1. */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  normals(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.normal());
  }

  integers(count: number, bound: number): Int32Array {
    return Int32Array.from({ length: count }, () => this.integer(bound));
  }
}
