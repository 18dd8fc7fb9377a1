import { UserError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/index.ts';
import { printExpression } from '../expression.ts';
import { parseExpression } from '../expression-parser.ts';
import { SEARCHED_HEIGHTS } from '../legality.ts';
import { fitPartition, isOnPath, partitionHeight, partitionPath } from './partition.ts';
import { type Layers, type SearchProblem, SearchSpace } from './space.ts';
import { tuneClassifier } from './tuned-classifier.ts';

/** An architecture to be scored. */
export interface Candidate {
  /** From 0, in the order of proposal. */
  readonly index: number;
  /** One for each layer, with sizes. */
  readonly expressions: readonly string[];
  readonly origin: CandidateOrigin;
  readonly parameters: number;
  /** See `SearchSpace.duplicateKey`; null where there is none. */
  readonly key: string | null;
}

/**
 * `start`: a row of the stage; `random`: no partition was asked; `filtered`: it passed the partition; `unfiltered`: nothing new
 * passed it.
 */
export type CandidateOrigin = 'start' | 'random' | 'filtered' | 'unfiltered';

/** What became of a candidate. */
export type CandidateResult =
  | { readonly score: number; readonly seconds: number }
  /** It diverged, or could not be built: its score is 0. */
  | { readonly failure: string; readonly seconds: number };

export interface ScoredCandidate extends Candidate {
  readonly score: number;
  readonly seconds: number;
  /** Why the score is 0, or null. */
  readonly failure: string | null;
}

/** A search between two candidates: plain JSON, and all that its continuation depends on. */
export interface SearchState {
  readonly problem: SearchProblem;
  /** Of the one stream of random numbers. */
  readonly stream: readonly number[];
  /** In the order of their indices. */
  readonly scored: readonly ScoredCandidate[];
  /** Proposed and not scored yet. New ones are proposed when none is left, so that the order of scoring changes nothing. */
  readonly open: readonly Candidate[];
  /** No architecture was left that had not been proposed. */
  readonly exhausted: boolean;
}

/** @throws UserError as `SearchSpace`, and for settings that make no sense */
export function startSearch(problem: SearchProblem): SearchState {
  const { initialCandidates, interval, totalCandidates, maxDraws, window, heights } = problem.settings;
  for (const [name, value] of Object.entries({ initialCandidates, interval, totalCandidates, maxDraws })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new UserError(`${name} must be a positive integer, got ${value}.`);
  }
  if (!(window.min <= window.max)) {
    throw new UserError(`The window of parameters is empty: ${window.min} to ${window.max}.`);
  }
  const { min, max } = SEARCHED_HEIGHTS;
  if (!(heights.min >= min && heights.max <= max && heights.min <= heights.max)) {
    throw new UserError(
      `Models are built of trees of height ${min} to ${max}: these cannot be searched with heights ${heights.min} to ${heights.max}.`,
    );
  }
  spaceOf(problem);
  const stream = RandomStream.fromSeed(problem.seed, `search ${problem.stage}`).state();
  return { problem, stream, scored: [], open: [], exhausted: false };
}

/**
 * The next candidates to score, up to `count` of those of this batch that have no score yet; the same ones again until they are
 * recorded. None: the search is over.
 *
 * A batch is what is proposed between two fits of the partition. Candidates of one batch may be scored in any order, side by side.
 *
 * @throws UserError in faithful mode, where the authors' code fails or never ends
 */
export function nextCandidates(
  state: SearchState,
  count: number,
): { readonly state: SearchState; readonly candidates: readonly Candidate[] } {
  const current = state.open.length > 0 ? state : propose(state);
  return { state: current, candidates: current.open.slice(0, count) };
}

/**
 * Keeps what became of a candidate. A score that is not a number is a failure.
 * @throws UserError for a candidate that is not open
 */
export function record(state: SearchState, candidate: Candidate, result: CandidateResult): SearchState {
  const open = state.open.find(({ index }) => index === candidate.index);
  if (!open || open.expressions.join() !== candidate.expressions.join()) {
    throw new UserError(`Candidate ${candidate.index} is not waiting for a score.`);
  }
  const scored: ScoredCandidate = { ...open, ...outcomeOf(result), seconds: result.seconds };
  return {
    ...state,
    scored: [...state.scored, scored].sort((a, b) => a.index - b.index),
    open: state.open.filter(({ index }) => index !== open.index),
  };
}

/** The best first, earlier ones before later ones of the same score. */
export function bestCandidates({ scored }: Pick<SearchState, 'scored'>, count: number): ScoredCandidate[] {
  return [...scored].sort((a, b) => b.score - a.score || a.index - b.index).slice(0, count);
}

function outcomeOf(result: CandidateResult): Pick<ScoredCandidate, 'score' | 'failure'> {
  if ('failure' in result) return { score: 0, failure: result.failure };
  if (Number.isFinite(result.score)) return { score: result.score, failure: null };
  return { score: 0, failure: `the score is ${result.score}` };
}

/** Proposes a whole batch: the starts with the first random ones, or as many as there are between two fits. */
function propose(state: SearchState): SearchState {
  const { problem, scored } = state;
  const { initialCandidates, interval, totalCandidates } = problem.settings;
  if (state.exhausted || scored.length >= totalCandidates) return state;
  const batch = new Batch(state);
  const first = scored.length < initialCandidates;
  if (first && scored.length === 0) batch.addStarts();
  const wanted = first ? initialCandidates - scored.length : interval;
  const left = totalCandidates - scored.length;
  batch.addDrawn(Math.min(wanted, left), first);
  const open = batch.candidates.slice(0, left);
  return { ...state, open, stream: batch.stream.state(), exhausted: batch.exhausted };
}

class Batch {
  readonly candidates: Candidate[] = [];
  readonly stream: RandomStream;
  exhausted = false;
  readonly #state: SearchState;
  readonly #space: SearchSpace;
  readonly #names: Set<string>;
  readonly #keys: Set<string>;

  constructor(state: SearchState) {
    this.#state = state;
    this.#space = spaceOf(state.problem);
    this.stream = RandomStream.fromState(state.stream);
    this.#names = new Set(state.scored.map(({ expressions }) => expressions.join()));
    this.#keys = new Set(state.scored.flatMap(({ key }) => (key === null ? [] : [key])));
  }

  addStarts(): void {
    for (const layers of this.#space.starts()) {
      if (this.#add(layers, 'start')) continue;
      if (this.#state.problem.mode === 'faithful') {
        throw new UserError(
          'Two rows that are to be scored first are the same; the authors’ search would never end here. Search without --faithful.',
        );
      }
    }
  }

  /**
   * Until the batch has `wanted`, or nothing new is found. The authors' code then looks on for ever for the first ones, and later
   * proposes what it has scored already.
   */
  addDrawn(wanted: number, first: boolean): void {
    const { manner } = this.#space;
    const parents = first
      ? []
      : bestCandidates(this.#state, manner.best).map(({ expressions }) => expressions.map(parseExpression));
    const passes = first ? undefined : this.#filter();
    while (this.candidates.length < wanted && !this.exhausted) {
      const explores = manner.exploration > 0 && this.stream.uniform() < manner.exploration;
      const filter = explores ? undefined : passes;
      const origin = filter ? 'filtered' : 'random';
      const found =
        this.#find(parents, filter, origin) || (filter && this.#find(parents, undefined, 'unfiltered'));
      if (!found) this.exhausted = true;
    }
  }

  /** Adds the first that passes and is new; false after too many draws. */
  #find(
    parents: readonly Layers[],
    passes: ((layers: Layers) => boolean) | undefined,
    origin: CandidateOrigin,
  ): boolean {
    for (let i = 0; i < this.#state.problem.settings.maxDraws; i++) {
      const layers = this.#space.draw(parents, this.stream);
      if (layers && (!passes || passes(layers)) && this.#add(layers, origin)) return true;
    }
    return false;
  }

  /** Learns the partition from all scores so far. */
  #filter(): (layers: Layers) => boolean {
    const { scored, problem } = this.#state;
    const { equalScores, tuning } = this.#space.manner;
    const features = scored.map(({ expressions }) => this.#space.features(expressions.map(parseExpression)));
    const root = fitPartition(
      features,
      scored.map(({ score }) => score),
      {
        height: partitionHeight(scored.length, problem.settings.partitionBounds),
        equalScores,
        learn: (x, good) => tuneClassifier(x, good, tuning, this.stream)?.classifier,
      },
    );
    const path = partitionPath(root);
    return (layers) => isOnPath(path, this.#space.features(layers));
  }

  /** False for what was proposed before. */
  #add(layers: Layers, origin: CandidateOrigin): boolean {
    const expressions = layers.map(printExpression);
    const name = expressions.join();
    if (this.#names.has(name)) return false;
    const key = this.#space.duplicateKey(layers) ?? null;
    if (key !== null && this.#keys.has(key)) return false;
    const index = this.#state.scored.length + this.candidates.length;
    const parameters = this.#space.parameters(layers);
    this.candidates.push({ index, expressions, origin, parameters, key });
    this.#names.add(name);
    if (key !== null) this.#keys.add(key);
    return true;
  }
}

/** A problem's tables and fixed matrices, made once; a state keeps its problem from step to step. */
const spaces = new WeakMap<SearchProblem, SearchSpace>();

function spaceOf(problem: SearchProblem): SearchSpace {
  let space = spaces.get(problem);
  if (!space) {
    space = new SearchSpace(problem);
    spaces.set(problem, space);
  }
  return space;
}
