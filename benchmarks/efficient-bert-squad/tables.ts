import type { SquadScores } from '../../src/data/squad/score.ts';
import type { Table } from '../../src/experiment/table.ts';
import type { AnswerCounts, SquadCell, SquadResult } from './cells.ts';
import type { SquadConfig } from './config.ts';

export function seedsTable(
  { model, version, optimizer, epochs, length, stride }: SquadConfig,
  cells: readonly SquadCell[],
  results: readonly SquadResult[],
): Table {
  const [first] = results;
  const pair = (scores: SquadScores | null | undefined) => [scores?.exact ?? null, scores?.f1 ?? null];
  const plain = version === '1.1';
  const percent = (title: string) => ({ title, digits: 2 });
  return {
    title: `${model} on SQuAD ${version} with ${optimizer}: the best of the evaluations on the dev set`,
    columns: [
      { title: 'seed' },
      ...['EM', 'F1'].map(percent),
      ...(plain ? [] : ['EM answerable', 'F1 answerable', 'EM impossible'].map(percent)),
      { title: 'dev loss', digits: 4 },
      { title: 'at step' },
      { title: 'steps' },
      { title: 'minutes', digits: 1 },
    ],
    rows: cells.map(({ seed }, i) => {
      const { best, steps, seconds } = results[i] as SquadResult;
      return [
        seed,
        ...pair(best?.scores),
        ...(plain ? [] : [...pair(best?.answerable), best?.impossible?.exact ?? null]),
        best?.loss ?? null,
        best?.step ?? null,
        steps,
        seconds / 60,
      ];
    }),
    note:
      `In percent. ${first?.parameters.toLocaleString('en-US')} parameters, head included; weights: ${first?.origin}. ` +
      `${first?.trainingQuestions} questions in ${first?.trainingWindows} windows of ${length} tokens every ${stride}, ` +
      `${epochs} epochs; judged by ${first?.devQuestions} questions.`,
  };
}

/** How good the spans are, and what the decision makes of them whether there is an answer at all. */
export function spansTable(cells: readonly SquadCell[], results: readonly SquadResult[]): Table {
  const titles = [
    ...['EM of spans', 'F1 of spans', 'F1 of sentences', 'F1', 'F1 of "no answer"'],
    ...['best F1', 'its threshold', 'best EM', 'its threshold'],
  ];
  return {
    title: 'Spans, and the threshold of "no answer"',
    columns: [{ title: 'seed' }, ...titles.map((title) => ({ title, digits: 2 }))],
    rows: cells.map(({ seed }, i) => {
      const { best, untrained } = results[i] as SquadResult;
      const { exact, f1 } = best?.best ?? {};
      return [
        seed,
        best?.spans?.exact ?? null,
        best?.spans?.f1 ?? null,
        untrained.sentence,
        best?.scores.f1 ?? null,
        untrained.nothing,
        f1?.score ?? null,
        f1?.threshold ?? null,
        exact?.score ?? null,
        exact?.threshold ?? null,
      ];
    }),
    note:
      'Spans: the best of each question that has an answer, as if one always had to be given; sentences: in their place the one that ' +
      'shares most words with the question. "No answer": that to every question. The best thresholds are chosen on the dev set ' +
      'itself, as the official script does: upper bounds; – in their place: all answers are dropped.',
  };
}

/** Over all seeds. */
export function answersTable(results: readonly SquadResult[]): Table {
  const kinds = ['answerable', 'impossible'] as const;
  const sum = (kind: (typeof kinds)[number], of: keyof AnswerCounts) =>
    results.reduce((total, { counts }) => total + (counts?.[kind][of] ?? 0), 0);
  return {
    title: `Answers to the dev set, ${results.length === 1 ? 'one seed' : `${results.length} seeds together`}`,
    columns: ['question', 'exact', 'overlapping', 'wrong', 'no answer'].map((title) => ({ title })),
    rows: kinds.map((kind) => [
      kind === 'answerable' ? 'has an answer' : 'has none',
      ...(['exact', 'overlapping', 'wrong', 'none'] as const).map((of) => sum(kind, of)),
    ]),
  };
}

/** Of the first seed. */
export function samplesTable(results: readonly SquadResult[]): Table {
  return {
    title: 'Some questions of the dev set, first seed',
    columns: ['question', 'accepted', 'answer'].map((title) => ({ title })),
    rows: (results[0]?.samples ?? []).map(({ question, accepted, answer }) => [
      question,
      accepted.length === 0 ? '(none)' : accepted.join(' · '),
      answer === '' ? '(none)' : answer,
    ]),
  };
}
