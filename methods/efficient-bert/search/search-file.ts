import { z } from 'zod';
import { UserError } from '../../../src/errors.ts';
import { SEARCH_MODES, type SearchMode } from './modes.ts';
import { type SearchState, startSearch } from './search.ts';
import { SEARCH_STAGES, type StageName } from './stages.ts';

const FORMAT = 'tfjs-methods search';
const FORMAT_VERSION = 1;

const range = z.strictObject({ min: z.number(), max: z.number() });
const names = <Name extends string>(record: Readonly<Record<Name, unknown>>) =>
  z.enum(Object.keys(record) as [Name, ...Name[]]);

const candidate = {
  index: z.int().nonnegative(),
  expressions: z.array(z.string()).min(1),
  origin: z.enum(['start', 'random', 'filtered', 'unfiltered']),
  parameters: z.int().positive(),
  key: z.string().nullable(),
};

const problem = z.strictObject({
  stage: names<StageName>(SEARCH_STAGES),
  mode: names<SearchMode>(SEARCH_MODES),
  seed: z.int(),
  shape: z.strictObject({
    width: z.int().positive(),
    heads: z.int().positive(),
    hidden: z.int().positive(),
    widthRule: z.enum(['min', 'max']),
    embeddingWidth: z.int().positive().optional(),
    fitWidth: z.int().positive().optional(),
    vocabulary: z.int().positive(),
    positions: z.int().positive(),
    segments: z.int().positive(),
  }),
  rows: z.array(z.array(z.string()).min(1)).min(1),
  settings: z.strictObject({
    heights: range,
    window: range,
    initialCandidates: z.int(),
    interval: z.int(),
    totalCandidates: z.int(),
    maxDraws: z.int(),
    partitionBounds: z.array(z.number()),
  }),
});

const schema = z.strictObject({
  format: z.literal(FORMAT),
  formatVersion: z.literal(FORMAT_VERSION),
  problem,
  stream: z.array(z.int()).length(4),
  scored: z.array(
    z.strictObject({
      ...candidate,
      score: z.number(),
      seconds: z.number().nonnegative(),
      failure: z.string().nullable(),
    }),
  ),
  open: z.array(z.strictObject(candidate)),
  exhausted: z.boolean(),
});

/** A search as a text in JSON, to be kept after each candidate. */
export function printSearch(state: SearchState): string {
  return `${JSON.stringify({ format: FORMAT, formatVersion: FORMAT_VERSION, ...state })}\n`;
}

/**
 * The search that `printSearch` wrote.
 *
 * @param where the file, for messages
 * @throws UserError (exit code 3) naming the field that is missing or wrong
 */
export function parseSearch(text: string, where: string): SearchState {
  const refuse = (problem: string) => new UserError(`${where}: ${problem}.`, 3);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw refuse(`not valid JSON, perhaps truncated (${(error as Error).message})`);
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
  }
  const { format: _, formatVersion: __, ...state } = parsed.data;
  const { embeddingWidth, fitWidth, ...shape } = state.problem.shape;
  const whole = { ...state.problem, shape: { ...shape, embeddingWidth, fitWidth } };
  startSearch(whole); // refuses a problem that could not have been started
  const indices = [...state.scored, ...state.open].map(({ index }) => index).sort((a, b) => a - b);
  if (indices.some((index, i) => index !== i)) throw refuse('a candidate is missing or there twice');
  return { ...state, problem: whole };
}
