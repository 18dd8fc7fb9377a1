import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type SquadResult, squadCells } from '../../benchmarks/efficient-bert-squad/cells.ts';
import { closestSentence } from '../../benchmarks/efficient-bert-squad/closest-sentence.ts';
import {
  answerOptionsOf,
  check,
  presets,
  type SquadConfig,
} from '../../benchmarks/efficient-bert-squad/config.ts';
import { generatedQuestions } from '../../benchmarks/efficient-bert-squad/generated-questions.ts';
import { loadQuestions } from '../../benchmarks/efficient-bert-squad/load-questions.ts';
import { outcome } from '../../benchmarks/efficient-bert-squad/outcome.ts';
import { buildEncoder } from '../../methods/efficient-bert/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { squadScores } from '../../src/data/squad/index.ts';
import { openTextPredictor } from '../../src/tasks/index.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { runCli } from './run-cli.ts';

const temporaryFolder = temporaryFolders();

it('learns generated questions, writes predictions that score as it says, and a model that predicts', async () => {
  const [out, saveTo] = [join(temporaryFolder(), 'run'), temporaryFolder()];
  const args = ['--preset', 'smoke', '--backend', 'cpu', '--set', `saveTo=${saveTo}`, '--out', out, '--json'];
  const { code, stdout, stderr } = await runCli(['run', 'efficient-bert-squad', '--quiet', ...args]);
  expect(code, stderr).toBe(0);
  const { metrics, verdict } = JSON.parse(stdout) as { metrics: Record<string, number>; verdict: string };
  expect(verdict).toBe('not tested');
  // Half of the questions have no answer; learning to say so always would give no more than that.
  expect(metrics.pointsAboveNoAnswer).toBeGreaterThan(20);

  const folder = join(saveTo, 'squad-2-0-seed0');
  const read = (name: string) =>
    JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, string>;
  const questions = generatedQuestions(64, 1, '2.0');
  const { exact, f1 } = squadScores(questions, new Map(Object.entries(read('predictions.json'))));
  expect([exact, f1]).toEqual([metrics.exact, metrics.f1]);
  expect(Object.keys(read('null-odds.json'))).toEqual(questions.map(({ id }) => id));

  await useBackend('cpu');
  const predictor = await openTextPredictor(join(folder, 'model'), buildEncoder);
  const right: boolean[] = [];
  for (const { question, context, answers } of questions.slice(0, 8)) {
    const { answer } = await predictor.predict(JSON.stringify({ question, context }));
    right.push(answer === (answers[0]?.text ?? ''));
  }
  predictor.dispose();
  // The windows are of another length than in training, and the padding is as well.
  expect(right.filter(Boolean).length).toBeGreaterThanOrEqual(6);
}, 120_000);

const scores = (f1: number) => ({ exact: f1, f1, total: 10 });

/** With this F1 of spans, where sentences have 21; 55 over all, where "no answer" to all has 50. */
function judged(spans: number, change: Partial<SquadConfig> = {}, result: Partial<SquadResult> = {}) {
  const config = { ...presets.laptop, ...change };
  const whole: SquadResult = {
    diverged: null,
    curve: [{ step: 10, training: 3, loss: 2, selection: 55 }],
    best: {
      step: 10,
      selection: 55,
      loss: 2,
      scores: scores(55),
      answerable: scores(20),
      impossible: scores(80),
      spans: scores(spans),
      best: { exact: { score: 55, threshold: null }, f1: { score: 56, threshold: -2 } },
    },
    counts: {
      answerable: { exact: 1, overlapping: 1, wrong: 1, none: 2 },
      impossible: { exact: 0, overlapping: 0, wrong: 1, none: 4 },
    },
    samples: [{ question: 'who?', accepted: ['bob'], answer: '' }],
    untrained: { nothing: 50, sentence: 21 },
    steps: 10,
    seconds: 60,
    parameters: 100,
    trainingQuestions: 20,
    trainingWindows: 30,
    devQuestions: 10,
    leftOut: 1,
    skippedRecords: 2,
    origin: 'drawn anew',
    saved: null,
    ...result,
  };
  const cells = squadCells(config.version, [0]);
  return outcome({ config, seeds: [0] }, new Map(cells.map(({ id }) => [id, whole])));
}

describe('the verdict', () => {
  it('is by points above the closest sentence', () => {
    const { points } = presets.laptop;
    expect(judged(21 + points).verdict).toBe('met');
    expect(judged(20.9 + points).verdict).toBe('not met');
    expect(judged(80, {}, { diverged: { step: 3, what: 'the loss is NaN' } }).verdict).toBe('not met');
    expect(judged(80, {}, { best: null, curve: [] }).verdict).toBe('not met');
    expect(judged(80, { dataDir: 'generated' }).verdict).toBe('not tested');
    expect(judged(80, { version: '1.1' }).verdict).toBe('not tested');
    expect(judged(80, {}, { untrained: { nothing: 100, sentence: null } }).verdict).toBe('not tested');
  });

  it('comes with the numbers, and with what was left out', () => {
    const { metrics, tables, charts, rows, warnings } = judged(30);
    expect(metrics).toMatchObject({ f1: 55, noAnswer: 50, pointsAboveNoAnswer: 5, 'best.f1': 56 });
    expect(metrics).toMatchObject({ 'spans.f1': 30, sentence: 21, pointsAboveSentence: 9 });
    expect(tables.find(({ title }) => title.startsWith('Answers'))?.rows).toEqual([
      ['has an answer', 1, 1, 1, 2],
      ['has none', 0, 0, 1, 4],
    ]);
    expect(charts.map(({ name }) => name)).toEqual(['learning-curve']);
    expect(rows).toHaveLength(1);
    expect(warnings?.join()).toMatch(/2 damaged records.*1 training questions/);
  });
});

describe('questions', () => {
  const file = (ids: readonly string[], more: readonly object[] = []) => {
    const answers = [{ text: 'cat', answer_start: 4 }];
    const qas = [...ids.map((id) => ({ id, question: 'who?', answers })), ...more];
    return JSON.stringify({ data: [{ paragraphs: [{ context: 'the cat', qas }] }] });
  };

  it('are read from either layout, evenly spread, and without damaged ones where wanted', async () => {
    const dataDir = temporaryFolder();
    const config = { ...presets.laptop, version: '1.1', dataDir, trainingQuestions: 2, devQuestions: 0 };
    await expect(loadQuestions(config)).rejects.toThrow(/squad1\.1.train-v1\.1\.json: there is no such file/);
    await mkdir(join(dataDir, 'squad1.1'));
    await writeFile(join(dataDir, 'squad1.1', 'train-v1.1.json'), file(['a', 'b', 'c', 'd']));
    await writeFile(join(dataDir, 'squad1.1', 'dev-v1.1.json'), file(['e'], [{ id: 'f' }]));
    await expect(loadQuestions(config)).rejects.toThrow(
      /dev-v1\.1\.json, line 1, column \d+: .*--skip-bad-rows/,
    );
    const ids = (questions: readonly { readonly id: string }[]) => questions.map(({ id }) => id);
    for (const directory of [dataDir, join(dataDir, 'squad1.1')]) {
      const { train, dev, skipped } = await loadQuestions({
        ...config,
        dataDir: directory,
        skipBadRows: true,
      });
      expect([ids(train), ids(dev), skipped]).toEqual([['a', 'c'], ['e'], 1]);
    }
  });

  it('are answered without training by the sentence that shares most words with them', () => {
    const context = 'Ann saw it. Bob made the film in May! The film was long.';
    const question = { id: 'a', question: 'Who made the film?', context, answers: [], impossible: false };
    expect(closestSentence(question)).toBe('Bob made the film in May!');
  });

  it('that are made here have their answer where they say', () => {
    for (const { context, answers, impossible } of generatedQuestions(50, 3, '2.0')) {
      expect(answers.length === 0).toBe(impossible);
      for (const { text, start } of answers) expect(context.slice(start, start + text.length)).toBe(text);
    }
    expect(generatedQuestions(50, 3, '1.1').some(({ impossible }) => impossible)).toBe(false);
  });
});

it('refuses settings that cannot be', () => {
  for (const preset of Object.values(presets)) expect(() => check(preset)).not.toThrow();
  const refuse = (change: Partial<SquadConfig>) => expect(() => check({ ...presets.laptop, ...change }));
  refuse({ version: '3' }).toThrow(/one of 1\.1, 2\.0/);
  refuse({ model: 'efficient-brt' }).toThrow(/Did you mean efficient-bert/);
  refuse({ devQuestions: -1 }).toThrow(/devQuestions/);
  refuse({ questionLength: 2 }).toThrow(/questionLength/);
  refuse({ length: 128, questionLength: 64, stride: 64 }).toThrow(/stride must be at most 63/);
  expect(answerOptionsOf({ ...presets.laptop, version: '1.1' }).nullThreshold).toBeNull();
});
