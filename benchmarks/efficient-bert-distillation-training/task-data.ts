import { join } from 'node:path';
import { type PretrainingText, pretrainingText } from '../../methods/efficient-bert/distillation/index.ts';
import { dataDirectory } from '../../src/data/datasets/download.ts';
import { findGlueTask, type GlueExample, type GlueTask, readGlue } from '../../src/data/glue/index.ts';
import { buildVocabulary, readTokenizer, type TextFile, WordPieceTokenizer } from '../../src/data/index.ts';
import { UserError } from '../../src/errors.ts';
import { type ExampleSet, glueExamples } from '../../src/tasks/index.ts';
import { GENERATED } from '../efficient-bert-glue/config.ts';
import { generatedRows } from '../efficient-bert-glue/generated-rows.ts';
import type { TaskChoice } from './task-choice.ts';

/** Examples with what is to be said of each. */
export interface LabelledSet {
  readonly examples: ExampleSet;
  readonly labels: readonly number[];
}

/** A task of GLUE and plain texts, in the pieces of one vocabulary. */
export interface TaskData {
  readonly task: GlueTask;
  readonly tokenizer: WordPieceTokenizer;
  /** L of sequences. */
  readonly length: number;
  /** The whole training set. */
  readonly train: ExampleSet;
  /** Its front, on which candidates are trained. */
  readonly front: ExampleSet;
  /** Its end, by which they are judged. */
  readonly held: LabelledSet;
  readonly dev: LabelledSet;
  /** For pre-training. */
  readonly text: PretrainingText;
  /** Where they are from, in words. */
  readonly textSource: string;
}

/**
 * Reads a task.
 *
 * @param tokenizerFolder whose vocabulary is taken; undefined: one is built from the training set and the texts
 * @param text for pre-training; undefined: the sentences of the training set, without their labels
 * @throws UserError (exit code 3) as `readGlue`
 */
export async function loadTaskData(
  choice: TaskChoice,
  tokenizerFolder: string | undefined,
  text: TextFile | undefined,
): Promise<TaskData> {
  const task = findGlueTask(choice.task);
  const [train, dev] = await loadRows(task, choice);
  const lines = text === undefined ? sentencesOf(train) : linesOf(text);
  const tokenizer =
    tokenizerFolder === undefined
      ? new WordPieceTokenizer(
          buildVocabulary(text === undefined ? lines : [...sentencesOf(train), ...lines], {
            size: choice.vocabulary,
          }),
        )
      : await readTokenizer(tokenizerFolder);
  const pretraining = pretrainingText(lines.join('\n'), tokenizer);
  const encode = (rows: readonly GlueExample[]) => glueExamples(rows, tokenizer, choice.length);
  const whole = encode(train);
  const kept = train.length - Math.max(1, Math.round(choice.heldShare * train.length));
  return {
    task,
    tokenizer,
    length: choice.length,
    train: whole,
    front: part(whole, 0, kept),
    held: { examples: part(whole, kept, whole.size), labels: labelsOf(train.slice(kept)) },
    dev: { examples: encode(dev), labels: labelsOf(dev) },
    text: pretraining,
    textSource: text === undefined ? `the sentences of ${task.name}` : text.path,
  };
}

/** Examples `from` to before `to`. */
export function part(examples: ExampleSet, from: number, to: number): ExampleSet {
  return { size: to - from, at: (index) => examples.at(from + index) };
}

async function loadRows(
  task: GlueTask,
  { dataDir, rows }: TaskChoice,
): Promise<readonly [train: readonly GlueExample[], dev: readonly GlueExample[]]> {
  if (dataDir === GENERATED) return [generatedRows(task, 256, 0), generatedRows(task, 64, 1)];
  const directory = dataDir === '' ? join(dataDirectory(), 'glue') : dataDir;
  const train = await readGlue(task, 'train', directory);
  const dev = await readGlue(task, 'dev', directory);
  return [rows > 0 ? train.examples.slice(0, rows) : train.examples, dev.examples];
}

function labelsOf(rows: readonly GlueExample[]): number[] {
  return rows.map(({ label }) => label as number);
}

function sentencesOf(rows: readonly GlueExample[]): string[] {
  return rows.flatMap(({ a, b }) => (b === null ? [a] : [a, b]));
}

/** A text as `loadTaskData` takes it. */
export function pretrainingTextOf(text: TextFile, tokenizer: WordPieceTokenizer): PretrainingText {
  return pretrainingText(linesOf(text).join('\n'), tokenizer);
}

/** Lines with more than a few words: titles and blank lines teach nothing. */
function linesOf({ path, bytes }: TextFile): string[] {
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line.trim().split(/\s+/).length > 3);
  if (lines.length > 0) return lines;
  throw new UserError(`${path} has no line of more than three words to pre-train on.`);
}
