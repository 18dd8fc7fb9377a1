import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../src/errors.ts';
import { readJsonFile, writeFileOfRun, writeJsonFile } from '../../../src/experiment/files-of-run.ts';
import type { Json } from '../../../src/training/index.ts';
import { journalCsv } from './journal.ts';
import {
  bestCandidates,
  type Candidate,
  nextCandidates,
  record,
  type ScoredCandidate,
  type SearchState,
  startSearch,
} from './search.ts';
import { parseSearch, printSearch } from './search-file.ts';
import type { SearchProblem } from './space.ts';

/** Scores a candidate. Must depend on the candidate alone, so that a search which was killed ends as one that was not. */
export type CandidateScorer = (
  candidate: Candidate,
) => Promise<{ readonly score: number } | { readonly failure: string }>;

/** Of a search in flight, after a candidate. */
export interface SearchProgress {
  readonly candidate: ScoredCandidate;
  /** Candidates scored, and to be scored in all. */
  readonly scored: number;
  readonly total: number;
  /** The best so far. */
  readonly best: ScoredCandidate;
  /** By what candidates took so far. */
  readonly secondsLeft: number;
}

export interface RunSearchOptions {
  readonly problem: SearchProblem;
  /** For search.json, which a search continues from, and journal.csv; may not exist yet. */
  readonly folder: string;
  readonly score: CandidateScorer;
  /** What the scores depend on beside the candidates: must be the same for a search to be continued. */
  readonly identity: Json;
  /** An earlier process left so many scored candidates. */
  readonly onContinue?: (scored: number) => void;
  readonly onCandidate?: (progress: SearchProgress) => void;
  /** Once aborted, no further candidate is begun. */
  readonly signal?: AbortSignal;
}

const SEARCH_FILE = 'search.json';
/** Of a search's folder: every candidate with expressions, parameters, score, seconds, and why its score is 0. */
export const JOURNAL_FILE = 'journal.csv';
const IDENTITY_FILE = 'scoring.json';

/**
 * Runs a stage of the search to its end, and keeps it on the disk after every candidate. A process that is killed loses the
 * candidate in flight, which is scored anew: the journal ends the same, seconds aside.
 *
 * @returns the search, unfinished where the signal stopped it
 * @throws UserError where the folder holds another search, and as `nextCandidates`; whatever `score` throws ends the search, and is no
 *   failure of the candidate
 */
export async function runSearch(options: RunSearchOptions): Promise<SearchState> {
  const { folder, score, signal } = options;
  let state = await openSearch(options);
  if (state.scored.length > 0) options.onContinue?.(state.scored.length);
  await keep(folder, state);
  while (!signal?.aborted) {
    const next = nextCandidates(state, 1);
    state = next.state;
    const [candidate] = next.candidates;
    if (!candidate) break;
    const started = performance.now();
    const result = await score(candidate).catch((error: unknown) => {
      if (signal?.aborted) return undefined;
      throw error;
    });
    if (result === undefined || signal?.aborted) break; // what was cut short says nothing
    state = record(state, candidate, { ...result, seconds: (performance.now() - started) / 1000 });
    await keep(folder, state);
    options.onCandidate?.(progressOf(state, candidate));
  }
  return state;
}

/** Whether a search has scored all that it was to score. */
export function isFinished(state: SearchState): boolean {
  return (
    state.open.length === 0 &&
    (state.exhausted || state.scored.length >= state.problem.settings.totalCandidates)
  );
}

async function openSearch({ problem, folder, identity }: RunSearchOptions): Promise<SearchState> {
  const [file, identityFile] = [join(folder, SEARCH_FILE), join(folder, IDENTITY_FILE)];
  const own = canonical({ problem, identity });
  if (!existsSync(file)) {
    await writeJsonFile(identityFile, JSON.parse(own));
    return startSearch(problem);
  }
  const state = parseSearch(await readFile(file, 'utf8'), file);
  if (canonical(readJsonFile(identityFile)) !== own) {
    throw new UserError(
      `${folder} holds a search with other settings (${IDENTITY_FILE}). Continue it with those, or choose another folder.`,
    );
  }
  return { ...state, problem };
}

/** The state first: the journal can be made from it. */
async function keep(folder: string, state: SearchState): Promise<void> {
  await writeFileOfRun(join(folder, SEARCH_FILE), printSearch(state));
  await writeFileOfRun(join(folder, JOURNAL_FILE), journalCsv(state));
}

function progressOf(state: SearchState, { index }: Candidate): SearchProgress {
  const { scored, problem } = state;
  const total = problem.settings.totalCandidates;
  const seconds = scored.reduce((sum, candidate) => sum + candidate.seconds, 0);
  return {
    candidate: scored.find((candidate) => candidate.index === index) as ScoredCandidate,
    scored: scored.length,
    total,
    best: bestCandidates(state, 1)[0] as ScoredCandidate,
    secondsLeft: (total - scored.length) * (seconds / scored.length),
  };
}

/** Equal for equal values; fields that are undefined do not count. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
