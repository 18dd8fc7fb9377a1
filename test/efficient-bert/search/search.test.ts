import { describe, expect, it } from 'vitest';
import { parseExpression, refusalsOf } from '../../../methods/efficient-bert/index.ts';
import {
  bestCandidates,
  type Candidate,
  journalCsv,
  journalRows,
  nextCandidates,
  parseSearch,
  printSearch,
  record,
  type SearchMode,
  type SearchProblem,
  type SearchState,
  type StageName,
  startSearch,
} from '../../../methods/efficient-bert/search/index.ts';
import { fits } from '../../../methods/efficient-bert/search/space.ts';
import { UserError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/index.ts';
import { finish, landscape, SHAPE, search, smallProblem } from './landscape.ts';

const STAGES: readonly StageName[] = ['stage-1', 'stage-2', 'stage-3'];

describe('proposals', () => {
  const cases = STAGES.flatMap((stage) =>
    (['faithful', 'mended'] as const).map((mode) => [stage, mode] as [StageName, SearchMode]),
  );

  it.each(cases)('of %s, %s, are legal, inside the window, and never the same twice', (stage, mode) => {
    // The authors' key costs 25 ms here: a few candidates only.
    const settings = mode === 'faithful' ? { initialCandidates: 10, totalCandidates: 12 } : {};
    for (const seed of mode === 'faithful' ? [0] : [0, 1, 2]) {
      const problem = smallProblem(stage, mode, { seed, ...settings });
      const { scored, exhausted } = search(problem);
      expect(exhausted).toBe(false);
      expect(scored).toHaveLength(problem.settings.totalCandidates);
      expect(scored.map(({ index }) => index)).toEqual(scored.map((_, i) => i));
      const { min, max } = problem.settings.window;
      for (const { expressions, parameters, origin } of scored) {
        expect(expressions).toHaveLength(3);
        for (const text of expressions) {
          expect(refusalsOf(text)).toEqual([]);
          if (mode === 'mended') expect(fits(parseExpression(text), SHAPE)).toBe(true);
        }
        if (stage === 'stage-2' || origin === 'start') continue;
        expect(parameters).toBeGreaterThanOrEqual(min); // by the table in faithful mode
        expect(parameters).toBeLessThanOrEqual(max);
      }
      expect(new Set(scored.map(({ expressions }) => expressions.join())).size).toBe(scored.length);
      const keys = scored.flatMap(({ key }) => key ?? []);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('keep the sizes in the second stage, and the operations in the third', () => {
    const [sizes, operations] = [/\d_\d/g, /\d_\d/g];
    for (const { expressions } of search(smallProblem('stage-2', 'mended')).scored)
      expect(expressions.map((text) => text.match(sizes)?.[0])).toEqual(['4_4', '2_2', '1_1']);
    const bare = (texts: readonly string[]) => texts.map((text) => text.replace(operations, ''));
    const third = smallProblem('stage-3', 'mended');
    for (const { expressions } of search(third).scored)
      expect(bare(expressions)).toEqual(bare(third.rows[0] ?? []));
  });

  it('begin with the rows, then at random, then by the partition', () => {
    const { scored } = search(smallProblem('stage-2', 'mended'));
    const origins = scored.map(({ origin }) => origin);
    expect(origins.slice(0, 2)).toEqual(['start', 'start']);
    expect(new Set(origins.slice(2, 12))).toEqual(new Set(['random']));
    expect(origins.slice(12)).toContain('filtered');
  });

  it('end where nothing new is left', () => {
    // One layer in the third stage: sixteen sizes at most.
    const problem = smallProblem('stage-3', 'mended', { window: { min: 1, max: 1e9 }, totalCandidates: 100 });
    const single = { ...problem, rows: problem.rows.map((row) => row.slice(0, 1)) };
    const { scored, exhausted } = search(single);
    expect(scored).toHaveLength(16);
    expect(exhausted).toBe(true);
  });

  it('end at once in a window that holds nothing', () => {
    const problem = smallProblem('stage-3', 'mended', { window: { min: 1, max: 2 }, maxDraws: 2 });
    expect(search(problem)).toMatchObject({ scored: [], exhausted: true });
  });
});

describe('a search', () => {
  const problem = smallProblem('stage-1', 'mended');
  const whole = search(problem);

  it('is the same for the same seed, and another for another', () => {
    expect(search(problem)).toEqual(whole);
    expect(search({ ...problem, seed: 1 }).scored.at(-1)?.expressions).not.toEqual(
      whole.scored.at(-1)?.expressions,
    );
  });

  it('is the same however often it is killed, and wherever', () => {
    const random = RandomStream.fromSeed(3, 'kills');
    for (let round = 0; round < 3; round++) {
      let file = printSearch(startSearch(problem));
      for (const scores of [random.integer(10), random.integer(10)]) {
        let state = parseSearch(file, 'search.json');
        for (let i = 0; i < scores; i++) {
          const next = nextCandidates(state, 1);
          const [candidate] = next.candidates as [Candidate];
          const score = landscape(problem.seed)(candidate.expressions);
          state = record(next.state, candidate, { score, seconds: 1 });
          file = printSearch(state);
        }
        nextCandidates(state, 3); // handed out, and lost with the process
      }
      const resumed = finish(parseSearch(file, 'search.json'), landscape(problem.seed));
      expect(journalCsv(resumed)).toBe(journalCsv(whole));
      expect(resumed.scored).toEqual(whole.scored);
    }
  });

  it('is the same however many candidates are scored side by side, in any order', () => {
    const random = RandomStream.fromSeed(4, 'order');
    let state = startSearch(problem);
    for (;;) {
      const next = nextCandidates(state, 5);
      if (next.candidates.length === 0) break;
      expect(next.candidates.length).toBeLessThanOrEqual(5);
      const candidate = next.candidates[random.integer(next.candidates.length)] as Candidate;
      const score = landscape(problem.seed)(candidate.expressions);
      state = record(next.state, candidate, { score, seconds: 1 });
    }
    expect(state.scored).toEqual(whole.scored);
  });

  it('hands out the same candidates until they are recorded', () => {
    const first = nextCandidates(startSearch(problem), 3);
    expect(nextCandidates(first.state, 3)).toEqual(first);
    const [a, b, c] = first.candidates as [Candidate, Candidate, Candidate];
    const state = record(first.state, b, { score: 0.5, seconds: 2 });
    expect(nextCandidates(state, 2).candidates).toEqual([a, c]);
    expect(() => record(state, b, { score: 0.5, seconds: 2 })).toThrow(
      'Candidate 1 is not waiting for a score.',
    );
    expect(() => record(state, { ...a, expressions: c.expressions }, { score: 1, seconds: 1 })).toThrow(
      UserError,
    );
    expect(first.state.scored).toEqual([]); // states are values
  });

  it('goes on after a candidate that diverges or cannot be built: its score is 0, with the reason', () => {
    const first = nextCandidates(startSearch(problem), 2);
    const [a, b] = first.candidates as [Candidate, Candidate];
    let state = record(first.state, a, { failure: 'the loss was NaN at step 3', seconds: 4 });
    state = record(state, b, { score: Number.NaN, seconds: 1 });
    expect(state.scored.map(({ score, failure }) => [score, failure])).toEqual([
      [0, 'the loss was NaN at step 3'],
      [0, 'the score is NaN'],
    ]);
    const { scored } = finish(state, landscape(problem.seed));
    expect(scored).toHaveLength(20);
    expect(bestCandidates({ scored }, 20).at(-1)?.score).toBe(0);
    expect(finish(parseSearch(printSearch(state), 'it'), landscape(problem.seed)).scored).toEqual(scored);
    // All of them: nothing can be learned, and the search goes on.
    const failed = finish(startSearch(problem), () => Number.NaN);
    expect(failed.scored).toHaveLength(20);
  });

  it('knows its best, earlier ones first among equals', () => {
    const best = bestCandidates(whole, 3).map(({ score }) => score);
    expect(best).toEqual(
      whole.scored
        .map(({ score }) => score)
        .sort((a, b) => b - a)
        .slice(0, 3),
    );
    const equal = { scored: whole.scored.map((candidate) => ({ ...candidate, score: 1 })) };
    expect(bestCandidates(equal, 2).map(({ index }) => index)).toEqual([0, 1]);
  });
});

describe('the journal', () => {
  const problem = smallProblem('stage-3', 'mended', { totalCandidates: 3 });
  const first = nextCandidates(startSearch(problem), 1);
  const state = record(first.state, first.candidates[0] as Candidate, { score: 0.75, seconds: 2.5 });

  it('has a row for each score', () => {
    expect(journalRows(state)).toEqual([
      {
        candidate: 0,
        stage: 'stage-3',
        origin: 'start',
        expressions: problem.rows[0]?.join(' '),
        stacking: '4 2 1',
        ratio: '1/4 1/2 1',
        parameters: state.scored[0]?.parameters,
        score: 0.75,
        seconds: 2.5,
        failure: '',
      },
    ]);
  });

  it('is a CSV file', () => {
    const [header, row] = journalCsv(state).split('\n');
    expect(header).toBe('candidate,stage,origin,expressions,stacking,ratio,parameters,score,seconds,failure');
    expect(row).toContain(`0,stage-3,start,"${problem.rows[0]?.join(' ')}",4 2 1,1/4 1/2 1,`);
    expect(row).toMatch(/,0\.75,2\.5,$/);
  });
});

describe('parseSearch', () => {
  const state = startSearch(smallProblem('stage-3', 'mended'));
  const changed = (change: (raw: Record<string, unknown>) => void) => {
    const raw = JSON.parse(printSearch(nextCandidates(state, 1).state)) as Record<string, unknown>;
    change(raw);
    return () => parseSearch(JSON.stringify(raw), 'search.json');
  };

  it('takes back what printSearch wrote, also of a model without factorised embedding', () => {
    const { state: proposed } = nextCandidates(state, 1);
    expect(parseSearch(printSearch(proposed), 'it')).toEqual(proposed);
    const shape = { ...SHAPE, embeddingWidth: undefined, fitWidth: undefined };
    const window = { min: 1, max: 1e9 };
    const bare = startSearch({ ...smallProblem('stage-3', 'mended', { window }), shape });
    expect(parseSearch(printSearch(bare), 'it')).toEqual(bare);
  });

  it('says what is wrong with a file', () => {
    expect(() => parseSearch('{"format": ', 'search.json')).toThrow('search.json: not valid JSON');
    expect(changed((raw) => delete raw.stream)).toThrow('search.json: stream');
    expect(changed((raw) => Object.assign(raw, { formatVersion: 9 }))).toThrow('formatVersion');
    expect(changed((raw) => (raw.open as unknown[]).pop())).not.toThrow();
    expect(changed((raw) => (raw.open as unknown[]).shift())).toThrow(
      'a candidate is missing or there twice',
    );
    expect(changed((raw) => Object.assign(raw.problem as object, { stage: 'stage-4' }))).toThrow(
      'problem.stage',
    );
  });
});

describe('startSearch', () => {
  it('refuses settings that make no sense', () => {
    const start = (settings: Parameters<typeof smallProblem>[2]) => () =>
      startSearch(smallProblem('stage-3', 'mended', settings));
    expect(start({ interval: 0 })).toThrow('interval must be a positive integer, got 0.');
    expect(start({ window: { min: 2, max: 1 } })).toThrow('The window of parameters is empty: 2 to 1.');
    for (const heights of [
      { min: 2, max: 7 },
      { min: 3, max: 8 },
      { min: 5, max: 4 },
    ])
      expect(start({ heights })).toThrow(
        `of height 3 to 7: these cannot be searched with heights ${heights.min} to ${heights.max}.`,
      );
    expect(start({ seed: 0.5 })).toThrow('The seed must be an integer');
  });
});

describe('faithful mode', () => {
  const twice = (mode: SearchMode): SearchProblem => {
    const problem = smallProblem('stage-2', mode);
    const [row] = problem.rows as [readonly string[]];
    return { ...problem, rows: [row, row] };
  };

  it('refuses rows of which two are the same, over which the authors’ search never comes; else the second is passed over', () => {
    expect(() => nextCandidates(startSearch(twice('faithful')), 1)).toThrow(
      'Two rows that are to be scored first',
    );
    const { state } = nextCandidates(startSearch(twice('mended')), 1);
    expect(state.open.filter(({ origin }) => origin === 'start')).toHaveLength(1);
  });

  it('ends where no score is below the median', () => {
    const problem = smallProblem('stage-3', 'faithful', { initialCandidates: 4, totalCandidates: 8 });
    expect(() => search(problem, () => 0.5)).toThrow('None of 4 scores is below their median 0.5');
    expect(search({ ...problem, mode: 'mended' }, () => 0.5).scored).toHaveLength(8);
  });

  it('counts parameters by the table, scores one row first, and filters all later proposals', () => {
    const states: SearchState[] = (['faithful', 'mended'] as const).map((mode) => {
      const { state } = nextCandidates(
        startSearch(smallProblem('stage-1', mode, { initialCandidates: 6 })),
        1,
      );
      return state;
    });
    const starts = states.map(({ open }) => open.filter(({ origin }) => origin === 'start'));
    expect(starts.map(({ length }) => length)).toEqual([1, 4]);
    expect(starts.map(([first]) => (first as Candidate).parameters)).toEqual([54_900, 54_864]);
  });
});
