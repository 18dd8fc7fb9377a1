import { UserError } from '../errors.ts';
import { RandomStream } from './random-stream.ts';

/**
 * The one seed of a run, split into a stream for each purpose, so that drawing more of one (say, dropout switched on) leaves
 * the others as they were.
 */
export class RandomStreams {
  /** Initial weights. */
  readonly init: RandomStream;
  /** Which windows of the corpus are drawn. */
  readonly data: RandomStream;
  /** Dropout masks. */
  readonly dropout: RandomStream;

  /** @throws UserError if the seed is no safe integer */
  constructor(seed: number) {
    this.init = RandomStream.fromSeed(seed, 'init');
    this.data = RandomStream.fromSeed(seed, 'data');
    this.dropout = RandomStream.fromSeed(seed, 'dropout');
  }

  /** The state of each stream by name, safe to store as JSON. */
  state(): Record<string, number[]> {
    return Object.fromEntries(
      Object.entries(this.#streams()).map(([name, stream]) => [name, stream.state()]),
    );
  }

  /**
   * Continues all streams where those that gave `state` stood.
   * @throws UserError naming the stream that is missing or malformed; then no stream has changed
   */
  restore(state: Readonly<Record<string, readonly number[]>>): void {
    const streams = Object.entries(this.#streams());
    for (const [name] of streams) {
      const words = state[name];
      if (words === undefined) throw new UserError(`The random state has no stream '${name}'.`);
      try {
        RandomStream.fromState(words);
      } catch (error) {
        throw new UserError(`Random stream '${name}': ${(error as Error).message}`);
      }
    }
    for (const [name, stream] of streams) stream.restore(state[name] as readonly number[]);
  }

  #streams(): Record<string, RandomStream> {
    return { init: this.init, data: this.data, dropout: this.dropout };
  }
}
