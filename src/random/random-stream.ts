import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { type xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { UserError } from '../errors.ts';

type Generator = ReturnType<typeof xoroshiro128plus>;

/**
 * A named stream of pseudo-random numbers (xoroshiro128+ of pure-rand). The same seed and name give the same numbers on
 * every machine; streams of one seed with different names are independent of each other.
 *
 * The whole state is four 32-bit integers: `state()` and `restore()` continue a stream exactly where it stood.
 */
export class RandomStream {
  #generator: Generator;

  private constructor(generator: Generator) {
    this.#generator = generator;
  }

  /**
   * @param seed any safe integer
   * @param name hashed in with the seed, so that 'init' and 'data' of seed 0 have nothing in common
   * @throws UserError if the seed is no safe integer
   */
  static fromSeed(seed: number, name: string): RandomStream {
    if (!Number.isSafeInteger(seed)) {
      throw new UserError(`The seed must be an integer, got ${seed}.`);
    }
    const hash = createHash('sha256').update(`${seed}/${name}`).digest();
    return RandomStream.fromState([0, 4, 8, 12].map((offset) => hash.readInt32LE(offset)));
  }

  /** @throws UserError if `state` is not what `state()` returned */
  static fromState(state: readonly number[]): RandomStream {
    return new RandomStream(generatorFrom(state));
  }

  /** An integer in [0, 2³²). */
  nextUint32(): number {
    return this.#generator.next() >>> 0;
  }

  /** A float64 in [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  /**
   * A standard normal number, by Box and Muller. The second number of each pair is dropped: keeping it would make it part
   * of the state.
   */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform())); // 1 − u is in (0, 1]: never log 0
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /**
   * An integer in [0, bound), each equally likely.
   * @throws RangeError if the bound is no positive safe integer
   */
  integer(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new RangeError(`The bound must be a positive integer, got ${bound}.`);
    }
    return uniformInt(this.#generator, 0, bound - 1);
  }

  /** Four 32-bit integers, safe to store as JSON. */
  state(): number[] {
    return [...this.#generator.getState()];
  }

  /**
   * Continues where the stream that gave `state` stood.
   * @throws UserError if `state` is not what `state()` returned
   */
  restore(state: readonly number[]): void {
    this.#generator = generatorFrom(state);
  }
}

function generatorFrom(state: readonly number[]): Generator {
  // The all-zero state would yield zeros for ever.
  if (state.length !== 4 || state.some((word) => (word | 0) !== word) || state.every((word) => word === 0)) {
    throw new UserError(
      `The state of a random stream must be four 32-bit integers, not all zero; got ${JSON.stringify(state)}.`,
    );
  }
  return xoroshiro128plusFromState(state);
}
