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

/** How good the spans are without the decision whether there is an answer, and with the best one. Nothing for version 1.1. */
export function thresholdTable(cells: readonly SquadCell[], results: readonly SquadResult[]): Table[] {
  const rows = cells.flatMap(({ seed }, i) => {
    const { best, nothing } = results[i] as SquadResult;
    if (!best?.best) return [];
    const { exact, f1 } = best.best;
    return [
      [
        seed,
        nothing,
        best.scores.f1,
        f1.score,
        f1.threshold,
        exact.score,
        exact.threshold,
        best.spans?.exact ?? null,
        best.spans?.f1 ?? null,
      ],
    ];
  });
  if (rows.length === 0) return [];
  const titles = ['"no answer" to all', 'F1', 'best F1', 'its threshold', 'best EM', 'its threshold'];
  const spans = ['EM of spans', 'F1 of spans'];
  return [
    {
      title: 'What the threshold of "no answer" does',
      columns: [{ title: 'seed' }, ...[...titles, ...spans].map((title) => ({ title, digits: 2 }))],
      rows,
      note:
        'The best thresholds are chosen on the dev set itself, as the official script does: upper bounds. – in their place: all ' +
        'answers are dropped. The last two: the best spans of the questions that have an answer, as if one always had to be given.',
    },
  ];
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
