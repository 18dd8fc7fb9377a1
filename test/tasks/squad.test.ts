import { describe, expect, it } from 'vitest';
import { SPECIAL_TOKENS, WordPieceTokenizer } from '../../src/data/index.ts';
import {
  SQUAD_ANSWERS,
  type SquadQuestion,
  type SquadWindow,
  squadWindows,
} from '../../src/data/squad/index.ts';
import { evaluateSquad, squadDevSet, squadTrainingSet } from '../../src/tasks/index.ts';

const WORDS = 'who made what is it ? bob ann saw the film a plot in may june .'.split(' ');
const tokenizer = new WordPieceTokenizer([...Object.values(SPECIAL_TOKENS), ...WORDS]);
const CONTEXT = 'bob made the film in june . ann saw the film in may . ann made a plot .';
const ask = (id: string, question: string, answer?: string): SquadQuestion => ({
  id,
  question,
  context: CONTEXT,
  answers: answer === undefined ? [] : [{ text: answer, start: CONTEXT.indexOf(answer) }],
  impossible: answer === undefined,
});
const questions = [
  ask('a', 'who made the film ?', 'bob'),
  ask('b', 'what is it ?'),
  ask('c', 'who saw the film ?', 'ann'),
];
const WINDOWS = { length: 16, questionLength: 8, stride: 4 };

describe('training examples', () => {
  it('are the windows of all questions whose answer is found', () => {
    const lost = { ...ask('d', 'who ?', 'bob'), answers: [{ text: 'june', start: 0 }] };
    const set = squadTrainingSet(
      [questions[0] as SquadQuestion, lost, ...questions.slice(1)],
      tokenizer,
      WINDOWS,
    );
    expect(set.leftOut).toBe(1);
    const windows = questions.flatMap(
      (question) => squadWindows(question, tokenizer, WINDOWS, true) as SquadWindow[],
    );
    expect(set.size).toBe(windows.length);
    for (const [i, { tokens, segments, padding, start, end }] of windows.entries())
      expect(set.at(i)).toEqual({ tokens, segments, padding, targets: [start, end] });
    expect(windows.filter(({ start }) => start > 0).length).toBeGreaterThan(1);
  });
});

describe('evaluation', () => {
  const set = squadDevSet(questions, tokenizer, WINDOWS);
  /** Logits of every window that are 0 but for one start and one end, as `at` has them. */
  const outputs = (at: (targets: readonly number[], window: number) => readonly [number, number, number]) =>
    Array.from({ length: set.size }, (_, window) => {
      const row = new Float32Array(2 * WINDOWS.length);
      const [start, end, logit] = at(set.at(window).targets, window);
      row[start] = logit;
      row[WINDOWS.length + end] = logit;
      return row;
    });

  it('finds a perfect model perfect, and its loss as counted by hand', () => {
    const right = evaluateSquad(
      set,
      outputs(([start = 0, end = 0]) => [start, end, start === 0 ? 5 : 8]),
      SQUAD_ANSWERS,
    );
    expect(right.answers.map(({ answer }) => answer)).toEqual(['bob', '', 'ann']);
    expect(right.selection).toBe(100);
    expect(right.scores).toEqual({ exact: 100, f1: 100, total: 3 });
    expect([right.answerable?.total, right.impossible?.total]).toEqual([2, 1]);
    const loss = (logit: number) => Math.log(Math.exp(logit) + WINDOWS.length - 1) - logit;
    const peaks = Array.from({ length: set.size }, (_, i) => (set.at(i).targets[0] === 0 ? 5 : 8));
    // Logits are exact in float32, the rest is float64.
    expect(right.loss).toBeCloseTo(peaks.reduce((sum, peak) => sum + loss(peak), 0) / peaks.length, 10);
  });

  it('scores "no answer" by the impossible questions alone, and shows what the spans were worth', () => {
    // The right spans, and "no answer" even more so.
    const given = outputs(([start = 0, end = 0]) => [start, end, 3]);
    for (const row of given) [row[0], row[WINDOWS.length]] = [4, 4];
    const none = evaluateSquad(set, given, SQUAD_ANSWERS);
    expect(none.answers.every(({ answer }) => answer === '')).toBe(true);
    expect(none.scores.f1).toBeCloseTo(100 / 3, 10);
    expect([none.answerable?.f1, none.impossible?.f1, none.spans?.f1]).toEqual([0, 100, 100]);
    expect(none.best?.f1.score).toBe(100); // b has larger odds of "no answer" than a and c
    expect(none.answers.map(({ odds }) => odds)).toEqual([2, 8, 2]);
    expect(none.selection).toBeCloseTo(100 / 3, 10);
    const selected = evaluateSquad(set, given, { ...SQUAD_ANSWERS, selectAtBestThreshold: true });
    expect(selected.selection).toBe(100);
    const always = evaluateSquad(set, given, { ...SQUAD_ANSWERS, nullThreshold: null });
    expect(always.best).toBeNull();
    expect(always.answerable?.exact).toBe(100);
    expect(always.impossible?.exact).toBe(0);
  });
});
