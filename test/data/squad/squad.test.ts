import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bestNullThreshold,
  normalizeAnswer,
  originalText,
  predictAnswer,
  readSquad,
  SQUAD_ANSWERS,
  type SquadQuestion,
  type SquadWindow,
  squadScores,
  squadWindows,
  wordF1,
} from '../../../src/data/squad/index.ts';
import { WordPieceTokenizer } from '../../../src/data/word-piece/index.ts';

const VOCABULARY =
  "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on mat ##s un ##aff ##able , . ' s steve smith runn ##ing cafe ? who :".split(
    ' ',
  );
const tokenizer = new WordPieceTokenizer(VOCABULARY);
const CONTEXT = 'the cat sat on the mat , the cats sat on the mats . steve smith sat on the cat .';
const QUESTION: SquadQuestion = {
  id: 'q',
  question: 'who sat on the cat ?',
  context: CONTEXT,
  answers: [{ text: 'steve smith', start: CONTEXT.indexOf('steve') }],
  impossible: false,
};
const WINDOWS = { length: 20, questionLength: 8, stride: 4 };

describe('windows (golden check 27 of EfficientBERT)', () => {
  const windows = squadWindows(QUESTION, tokenizer, WINDOWS, true) as SquadWindow[];

  it('begin every four pieces until one reaches the end', () => {
    expect(windows.map(({ begin, count }) => [begin, count])).toEqual([
      [0, 11],
      [4, 11],
      [8, 11],
      [12, 11],
    ]);
  });

  it('know where the answer is, and which shows a piece with most context', () => {
    expect(windows.map(({ start, end }) => [start, end])).toEqual([
      [0, 0],
      [0, 0],
      [16, 17],
      [12, 13],
    ]);
    const positions = windows.map(({ offset, hasMostContext }) =>
      hasMostContext.flatMap((has, i) => (has ? [offset + i] : [])),
    );
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    expect(positions).toEqual([range(8, 15), range(12, 15), range(12, 15), range(12, 18)]);
  });

  it('hold question and context', () => {
    expect(tokenizer.decode((windows[3] as SquadWindow).tokens)).toBe(
      '[CLS] who sat on the cat ? [SEP] the mats . steve smith sat on the cat . [SEP]',
    );
  });

  it('narrow the answer to its pieces, and leave out what the words do not contain', () => {
    const context = "the cats' mat";
    const answer = (text: string, start: number) => ({ ...QUESTION, context, answers: [{ text, start }] });
    const [window] = squadWindows(answer('cats', 4), tokenizer, WINDOWS, true) as SquadWindow[];
    expect([window?.start, window?.end]).toEqual([9, 10]); // cat ##s, without the apostrophe
    expect(squadWindows(answer('dogs', 4), tokenizer, WINDOWS, true)).toBeUndefined();
  });
});

describe('answers', () => {
  const windows = squadWindows(QUESTION, tokenizer, WINDOWS) as SquadWindow[];
  /** Logits that are 0 but for these. */
  const logits = (peaks: Readonly<Record<number, number>>) =>
    Array.from({ length: 20 }, (_, i) => peaks[i] ?? 0);

  it('take the best span of all windows, where it has most context', () => {
    const silent = { start: logits({}), end: logits({}) };
    const given = windows.map((window, k) => ({
      window,
      ...(k === 3 ? { start: logits({ 12: 5 }), end: logits({ 13: 4 }) } : silent),
    }));
    const { text, candidates, nullScore } = predictAnswer(QUESTION, given, tokenizer, SQUAD_ANSWERS);
    expect([text, candidates[0]?.score, nullScore]).toEqual(['steve smith', 9, 0]);
  });

  it('say that there is none where that scores higher, unless there must be one', () => {
    const given = windows.map((window) => ({
      window,
      start: logits({ 0: 6, 12: 1 }),
      end: logits({ 0: 6, 13: 1 }),
    }));
    expect(predictAnswer(QUESTION, given, tokenizer, SQUAD_ANSWERS).text).toBe('');
    const must = { ...SQUAD_ANSWERS, nullThreshold: null };
    expect(predictAnswer(QUESTION, given, tokenizer, must).text).not.toBe('');
  });

  it('are in the words of the text (golden check 26)', () => {
    const { options } = tokenizer;
    expect(originalText('steve smith', "Steve Smith's", options)).toBe('Steve Smith');
    expect(originalText('cafe', 'the Café,', options)).toBe('Café');
    expect(originalText('dog', 'the Café,', options)).toBe('the Café,');
  });
});

describe('scores (golden check 26)', () => {
  it('normalise and compare bags of words', () => {
    expect(normalizeAnswer("The  Quick, (brown) fox's an apple!")).toBe('quick brown foxs apple');
    expect(normalizeAnswer('The Bahía, an a')).toBe('bahía');
    expect(wordF1('the big black cat', 'black cat sat')).toBeCloseTo(2 / 3, 12);
    expect(wordF1('', '')).toBe(1);
    expect(wordF1('cat', '')).toBe(0);
  });

  it('take the best of the accepted answers, and nothing for what is impossible', () => {
    const question = (id: string, texts: string[]): SquadQuestion => ({
      ...QUESTION,
      id,
      answers: texts.map((text) => ({ text, start: 0 })),
      impossible: texts.length === 0,
    });
    const questions = [
      question('a', ['black cat sat', 'the cat']),
      question('b', []),
      question('c', []),
      question('d', ['x']),
    ];
    const predictions = new Map([
      ['a', 'A cat!'],
      ['b', ''],
      ['c', 'cat'],
    ]);
    // Right, right, wrong, without a prediction.
    expect(squadScores(questions, predictions)).toEqual({ exact: 50, f1: 50, total: 4 });
  });
});

describe('the threshold of "no answer"', () => {
  const question = (id: string, text?: string): SquadQuestion => ({
    ...QUESTION,
    id,
    answers: text === undefined ? [] : [{ text, start: 0 }],
    impossible: text === undefined,
  });
  const questions = [question('a', 'black cat'), question('b'), question('c', 'mat'), question('d')];
  const spans = (odds: readonly number[]) =>
    new Map(['cat', 'x', 'mat', 'y'].map((text, i) => ['abcd'[i] as string, { text, odds: odds[i] ?? 0 }]));

  it('is the one that gives the most', () => {
    // None answered: b and d are right. Up to -2 c as well; then b is lost, then two thirds are won with a.
    const given = spans([0, -1, -2, 3]);
    expect(bestNullThreshold(questions, given, 'exact')).toEqual({ score: 75, threshold: -2 });
    expect(bestNullThreshold(questions, given, 'f1')).toEqual({ score: 75, threshold: -2 });
    const better = bestNullThreshold(questions, spans([0, 1, -2, 3]), 'f1');
    expect(better.threshold).toBe(0);
    expect(better.score).toBeCloseTo(25 * (3 + 2 / 3), 10);
  });

  it('does not lie between equal odds, and may be below all', () => {
    expect(bestNullThreshold(questions, spans([1, 0, 0, 0]), 'exact')).toEqual({
      score: 50,
      threshold: null,
    });
  });
});

describe('readSquad', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tfjs-methods-squad-'));
  });
  afterAll(() => rm(directory, { recursive: true }));
  const read = async (content: string) => {
    const path = join(directory, 'dev.json');
    await writeFile(path, content);
    return readSquad(path);
  };
  const qa = { id: 'q', question: 'who?', answers: [{ text: 'cat', answer_start: 4 }], is_impossible: false };
  const file = (qas: readonly object[], context = 'the cat') =>
    JSON.stringify({ version: 'v2.0', data: [{ title: 't', paragraphs: [{ context, qas }] }] });

  it('reads both versions', async () => {
    const { is_impossible: _, ...old } = { ...qa, id: 'p' };
    const none = { id: 'n', question: 'what?', answers: [], is_impossible: true };
    const { questions } = await read(file([qa, old, none]));
    expect(questions.map(({ id, answers, impossible }) => [id, answers.length, impossible])).toEqual([
      ['q', 1, false],
      ['p', 1, false],
      ['n', 0, true],
    ]);
  });

  it.each([
    [file([qa]).slice(0, -3), 'it is not JSON: it ends too early'],
    [file([qa]).slice(0, 60), 'line 1, column 55: it is not JSON: UnexpectedEndOfString at'],
    ['{"data":\n [}', 'line 2, column 3: it is not JSON'],
    ['[]', 'dev.json, line 1, column 1: data: a SQuAD file holds a list of articles there: "[]".'],
    [file([{ ...qa, answers: [{ text: 'cat' }] }]), 'data[0].paragraphs[0].qas[0].answers[0].answer_start: '],
    [file([{ ...qa, question: 7 }]), 'data[0].paragraphs[0].qas[0].question: '],
    [file([qa, qa]), 'data[0].paragraphs[0].qas[1]: the id q occurs twice'],
    [
      file([{ ...qa, answers: [{ text: 'cat', answer_start: 5 }] }]),
      'line 1, column 121: data[0].paragraphs[0].qas[0].answers[0]: the answer is beyond the context: "{\\"text\\":\\"cat\\",',
    ],
  ])('refuses number %#', async (content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  it('leaves out damaged records, where it is told to, and says which', async () => {
    const damaged = { ...qa, id: 'd', question: ' ' };
    const text = JSON.stringify({
      data: [{ paragraphs: [{ context: 'the cat', qas: [qa, damaged, qa, 7] }, { context: 'x' }] }, {}],
    });
    const path = join(directory, 'damaged.json');
    await writeFile(path, `\ufeff${text}`);
    const { questions, skipped } = await readSquad(path, { skipBadRows: true });
    expect(questions.map(({ id }) => id)).toEqual(['q']);
    expect(skipped.map(({ place }) => place)).toEqual([
      'data[0].paragraphs[0].qas[1].question',
      'data[0].paragraphs[0].qas[2]',
      'data[0].paragraphs[0].qas[3]',
      'data[0].paragraphs[1].qas',
      'data[1].paragraphs',
    ]);
    await writeFile(path, '{"data": [{}]}');
    await expect(readSquad(path, { skipBadRows: true })).rejects.toThrow('no usable question');
  });

  it('names a file that is missing', async () => {
    await expect(readSquad(join(directory, 'none.json'))).rejects.toThrow('there is no such file');
  });

  const data = new URL('../../../../shared/data/squad2.0/dev-v2.0.json', import.meta.url).pathname;
  it.skipIf(!existsSync(data))('reads the real file (../shared/data; skipped where absent)', async () => {
    const { questions } = await readSquad(data);
    expect(questions.length).toBeGreaterThan(100);
    expect(questions.some(({ impossible }) => impossible)).toBe(true);
    for (const { context, answers } of questions) {
      for (const { text, start } of answers) expect(context.slice(start, start + text.length)).toBe(text);
    }
    const perfect = new Map(questions.map(({ id, answers }) => [id, answers[0]?.text ?? '']));
    expect(squadScores(questions, perfect)).toMatchObject({ exact: 100, f1: 100 });
  });
});
