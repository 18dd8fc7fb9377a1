import { parseExpression } from '../../../methods/efficient-bert/expression-parser.ts';
import { argumentsOf, type Expression } from '../../../methods/efficient-bert/index.ts';
import {
  bestCandidates,
  firstStageRows,
  nextCandidates,
  paperWindow,
  record,
  SEARCH_SETTINGS,
  type SearchedShape,
  type SearchMode,
  type SearchProblem,
  type SearchSettings,
  type SearchState,
  type StageName,
  secondStageRows,
  sizeIndex,
  sizeOf,
  startSearch,
  thirdStageRows,
} from '../../../methods/efficient-bert/search/index.ts';
import { RandomStream } from '../../../src/random/index.ts';

/** The authors' smallest sensible model: three layers of width 48. */
export const SHAPE: SearchedShape = {
  width: 48,
  heads: 4,
  hidden: 48,
  widthRule: 'min',
  embeddingWidth: 16,
  fitWidth: 64,
  vocabulary: 200,
  positions: 64,
  segments: 2,
};
const LAYERS = 3;

/** Inside the window of `SHAPE`. */
const WINNER = [
  'tanh(linear4_4(gelu(linear4_4(x,wb1)),wb2))',
  'linear2_2(gelu(linear2_2(x,wb1)),wb2)',
  'linear1_1(relu(mul(linear1_1(x,wb1),x)),wb2)',
];

export function smallProblem(
  stage: StageName,
  mode: SearchMode,
  { seed = 0, ...settings }: Partial<SearchSettings> & { seed?: number } = {},
): SearchProblem {
  const rows = {
    'stage-1': firstStageRows(LAYERS),
    'stage-2': secondStageRows(WINNER),
    'stage-3': thirdStageRows(WINNER),
  };
  const small = {
    window: paperWindow(SHAPE, LAYERS),
    initialCandidates: 12,
    interval: 4,
    totalCandidates: 20,
    maxDraws: 500,
  };
  return {
    stage,
    mode,
    seed,
    shape: SHAPE,
    rows: rows[stage],
    settings: { ...SEARCH_SETTINGS, ...small, ...settings },
  };
}

/** Scores every candidate to the end; `scoreOf` may throw to stop. */
export function finish(start: SearchState, scoreOf: (expressions: readonly string[]) => number): SearchState {
  let state = start;
  for (;;) {
    const next = nextCandidates(state, 1);
    const [candidate] = next.candidates;
    if (!candidate) return next.state;
    state = record(next.state, candidate, { score: scoreOf(candidate.expressions), seconds: 1 });
  }
}

export function search(problem: SearchProblem, scoreOf = landscape(problem.seed)): SearchState {
  return finish(startSearch(problem), scoreOf);
}

/**
 * A made-up accuracy: stacking, ratio and operations have effects of their own in each layer, drawn from the seed, and 1 % of noise
 * that depends on the architecture.
 */
export function landscape(seed: number): (expressions: readonly string[]) => number {
  return (expressions) => {
    const effects = RandomStream.fromSeed(seed, 'effects');
    const draw = (count: number) => Array.from({ length: count }, () => effects.normal());
    let sum = 0;
    for (const text of expressions) {
      const expression = parseExpression(text);
      const [stacking, ratio] = [draw(4), draw(4)];
      const operation = new Map(OPERATIONS.map((name) => [name, effects.normal()]));
      const index = sizeIndex(sizeOf(expression) as NonNullable<ReturnType<typeof sizeOf>>);
      sum += (stacking[Math.floor(index / 4)] as number) + (ratio[index % 4] as number);
      const add = (node: Expression, weight: number): void => {
        if ('name' in node) sum += weight * (operation.get(node.name) as number);
        for (const argument of argumentsOf(node)) add(argument, 0.5);
      };
      add(expression, 1);
    }
    const noise = RandomStream.fromSeed(seed, expressions.join()).normal();
    return 0.6 + 0.02 * sum + 0.01 * noise;
  };
}

const OPERATIONS: readonly string[] = [
  ...['add', 'mul', 'max', 'gelu', 'sigmoid'],
  ...['tanh', 'relu', 'leaky_relu', 'elu', 'swish'],
];

export function bestScore(state: SearchState): number {
  return bestCandidates(state, 1)[0]?.score as number;
}
