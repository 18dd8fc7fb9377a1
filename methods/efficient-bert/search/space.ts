import { UserError } from '../../../src/errors.ts';
import type { RandomStream } from '../../../src/random/index.ts';
import { type Expression, printExpression } from '../expression.ts';
import { parseExpression } from '../expression-parser.ts';
import { refusalsOf } from '../legality.ts';
import { expandedWidth } from '../mlp-block.ts';
import { outputWidth } from '../width-rule.ts';
import {
  chainedOutput,
  type KeyInputs,
  randomKeyInputs,
  roundedSumKey,
  significantKey,
} from './duplicate-key.ts';
import { SEARCH_MODES, type SearchManner, type SearchMode } from './modes.ts';
import { mutateExpression } from './mutation.ts';
import { ANONYMOUS_PRIMITIVES, nodeIds, SIZED_PRIMITIVES } from './primitives.ts';
import {
  FFN_SIZES,
  parametersOf,
  type SearchedShape,
  type SizeTable,
  sizeIndex,
  sizeOf,
  sizeTable,
  withSize,
} from './sizes.ts';
import {
  type ArchitectureRow,
  SEARCH_STAGES,
  type SearchSettings,
  type SearchStage,
  type StageName,
} from './stages.ts';

/** What is searched, in JSON. */
export interface SearchProblem {
  readonly stage: StageName;
  readonly mode: SearchMode;
  readonly seed: number;
  readonly shape: SearchedShape;
  /** What the stage starts from: `firstStageRows`, `secondStageRows`, `thirdStageRows`. */
  readonly rows: readonly ArchitectureRow[];
  readonly settings: SearchSettings;
}

/** Nodes of a layer that the features have room for. */
export const FEATURE_NODES = 20;

/** One architecture: an expression with its size for each layer. */
export type Layers = readonly Expression[];

/** Everything about a problem that can be worked out beforehand; draws, measures and describes architectures. */
export class SearchSpace {
  readonly stage: SearchStage;
  readonly manner: SearchManner;
  readonly rows: readonly Layers[];
  readonly #problem: SearchProblem;
  readonly #table: SizeTable;
  readonly #keyInputs: KeyInputs;

  /** @throws UserError for rows of different lengths, or with a layer that is not legal or has no size */
  constructor(problem: SearchProblem) {
    this.#problem = problem;
    this.stage = SEARCH_STAGES[problem.stage];
    this.manner = SEARCH_MODES[problem.mode];
    this.rows = problem.rows.map((row) => row.map((text) => rowExpression(text, problem)));
    const layers = this.rows[0]?.length ?? 0;
    if (layers === 0 || this.rows.some((row) => row.length !== layers)) {
      throw new UserError('A search needs rows of expressions, as many in each as the model has layers.');
    }
    this.#table = sizeTable(problem.shape, this.manner.parameterUnit);
    const { rows, width = problem.shape.width, scaled, precision } = this.manner.duplicates;
    const scale = scaled ? 1 / Math.sqrt(width) : 1;
    this.#keyInputs = randomKeyInputs(problem.seed, { rows, width, scale, precision });
  }

  /** What is scored before any proposal. */
  starts(): Layers[] {
    const all = this.manner.starts === 'all in the window';
    const count = all && this.#problem.stage === 'stage-1' ? this.rows.length : this.stage.startRows;
    return this.rows.slice(0, count).filter((row) => !all || this.#allows(row));
  }

  /**
   * One architecture at random.
   * @param parents architectures of which it may be a change
   * @returns undefined where no draw was inside the window with widths that fit, and the mode refuses others
   */
  draw(parents: readonly Layers[], stream: RandomStream): Layers | undefined {
    const parent =
      this.manner.fromBest > 0 && parents.length > 0 && stream.uniform() < this.manner.fromBest
        ? parents[stream.integer(parents.length)]
        : undefined;
    const drawOnce = () => (parent ? this.#change(parent, stream) : this.#fromRows(stream));
    let layers = drawOnce();
    for (let i = 0; i < this.stage.windowTries && !this.#allows(layers); i++) layers = drawOnce();
    return this.#allows(layers) || this.manner.outsideWindow === 'propose' ? layers : undefined;
  }

  inWindow(layers: Layers): boolean {
    const { min, max } = this.#problem.settings.window;
    const count = this.parameters(layers);
    return !this.stage.windowed || (count >= min && count <= max);
  }

  parameters(layers: Layers): number {
    return parametersOf(this.#table, layers.map(indexOf));
  }

  /**
   * What the partition sees: the numbers of each layer's nodes, filled up with −1 to 20, or in the third stage one number for each
   * layer's size.
   * @throws UserError for more than 20 nodes, for which the authors' features have no room
   */
  features(layers: Layers): number[] {
    const { varies } = this.stage;
    if (varies === 'sizes') return layers.map(indexOf);
    return layers.flatMap((expression) => {
      const ids =
        varies === 'operations'
          ? nodeIds(withSize(expression, undefined), ANONYMOUS_PRIMITIVES)
          : nodeIds(expression, SIZED_PRIMITIVES);
      if (ids.length > FEATURE_NODES) {
        throw new UserError(
          `${printExpression(expression)} has ${ids.length} nodes; there is room for ${FEATURE_NODES}.`,
        );
      }
      return [...ids, ...new Array<number>(FEATURE_NODES - ids.length).fill(-1)];
    });
  }

  /** Equal for architectures that compute the same; undefined where that cannot be told. */
  duplicateKey(layers: Layers): string | undefined {
    const operationsOnly = this.stage.varies === 'operations';
    const sizes = layers.map((expression) => (operationsOnly ? 0 : indexOf(expression))); // 0: the matrices of 1_1
    const output = chainedOutput(layers, sizes, this.#keyInputs);
    return this.manner.duplicates.key === 'rounded sum' ? roundedSumKey(output) : significantKey(output);
  }

  /** Each layer from a random row of the stage, mutated. */
  #fromRows(stream: RandomStream): Layers {
    const layers = this.rows[0] as Layers;
    return layers.map((_, layer) => {
      const row = this.rows[stream.integer(this.rows.length)] as Layers;
      const base = row[layer] as Expression;
      return this.stage.varies === 'sizes' ? base : this.#mutated(base, stream);
    });
  }

  /** Some layers changed, one at least: their operations or their size, as far as the stage varies them. */
  #change(parent: Layers, stream: RandomStream): Layers {
    const always = stream.integer(parent.length);
    return parent.map((expression, layer) => {
      if (layer !== always && stream.uniform() >= 1 / parent.length) return expression;
      const { varies } = this.stage;
      const sizes = varies === 'sizes' || (varies === 'operations and sizes' && stream.uniform() < 0.5);
      if (sizes) return withSize(expression, FFN_SIZES[stream.integer(FFN_SIZES.length)]);
      return this.#mutated(expression, stream);
    });
  }

  /** In the second stage linears have no size while they are mutated. */
  #mutated(base: Expression, stream: RandomStream): Expression {
    const anonymous = this.stage.varies === 'operations';
    const size = anonymous ? sizeOf(base) : undefined;
    const restored = (tree: Expression) => (anonymous ? withSize(tree, size) : tree);
    const tree = mutateExpression(
      anonymous ? withSize(base, undefined) : base,
      anonymous ? ANONYMOUS_PRIMITIVES : SIZED_PRIMITIVES,
      { tries: this.stage.mutationTries, accepts: (found) => this.#accepts(restored(found)) },
      stream,
    );
    return tree ? restored(tree) : base;
  }

  /** An expression whose widths fit in one size need not fit in another. */
  #allows(layers: Layers): boolean {
    if (!this.inWindow(layers)) return false;
    return this.manner.unbuildable === 'propose' || layers.every((layer) => fits(layer, this.#problem.shape));
  }

  #accepts(expression: Expression): boolean {
    if (refusalsOf(expression, this.#problem.settings.heights).length > 0) return false;
    if (this.manner.unbuildable === 'propose') return true;
    const { shape } = this.#problem;
    const small = nodeIds(expression, SIZED_PRIMITIVES).length <= FEATURE_NODES;
    return small && fits(expression, shape);
  }
}

/** Whether the widths of a legal expression work out. */
export function fits(expression: Expression, { width, hidden, widthRule }: SearchedShape): boolean {
  const expanded = expandedWidth(hidden, sizeOf(expression)?.expansionRatio ?? 1);
  try {
    return outputWidth(expression, { width, expanded, rule: widthRule }) === width;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

function indexOf(expression: Expression): number {
  const size = sizeOf(expression);
  if (!size) throw new RangeError(`${printExpression(expression)} has no size.`);
  return sizeIndex(size);
}

function rowExpression(text: string, { settings }: SearchProblem): Expression {
  const [refusal] = refusalsOf(text, settings.heights);
  if (refusal) throw new UserError(`The search cannot start from ${text}. ${refusal.reason}`);
  const expression = parseExpression(text);
  if (!sizeOf(expression))
    throw new UserError(`The search cannot start from ${text}: its linears must name a size.`);
  return expression;
}
