import type { EncoderBuilder, EncoderModel, ModelFolder } from '../bert/index.ts';
import { openModel, SequenceClassifier, SequenceRegressor, SpanExtractor } from '../bert/index.ts';
import type { WordPieceTokenizer } from '../data/index.ts';
import {
  predictAnswer,
  SQUAD_ANSWERS,
  SQUAD_WINDOWS,
  type SquadWindowOptions,
  squadWindows,
} from '../data/squad/index.ts';
import { UserError } from '../errors.ts';
import { RandomStreams } from '../random/index.ts';
import { makeOutputReader, type OutputReader } from './output-reader.ts';
import { classificationTask, regressionTask, spanTask, type TaskModel } from './task-model.ts';

/** Plain JSON: what a line of text is answered with. */
export type Prediction = Readonly<Record<string, unknown>>;

/** A saved model that answers texts, one at a time. */
export interface TextPredictor {
  /** What it does and reads, in one sentence. */
  readonly description: string;
  /**
   * Answers one text. A classifier: `{label, probabilities}`; a regression: `{score}`; a span extractor: `{answer, score, nullScore}`,
   * the answer '' where the context holds none.
   *
   * @param line a text; two texts with a tab between them; or a JSON object with `text` and `pair`, or `question` and `context`
   * @throws UserError for an empty text, broken JSON or missing fields
   */
  predict(line: string): Promise<Prediction>;
  dispose(): void;
}

/** Answers from outputs. */
interface Kind {
  readonly task: TaskModel;
  readonly description: string;
  predict(fields: Fields, given: Given): Promise<Prediction>;
}

interface Given {
  readonly tokenizer: WordPieceTokenizer;
  readonly read: OutputReader;
  readonly longest: number;
}

type Fields = Readonly<Partial<Record<'text' | 'pair' | 'question' | 'context', string>>>;

/**
 * Opens a folder in Hugging Face's layout whose model has a head, such as `fineTune` and `saveModel` leave.
 *
 * @param build which kinds of encoder are known; default BERT alone
 * @throws UserError (exit code 3) as `openModel`, and for a folder without a tokenizer, or with a head that answers no text
 */
export async function openTextPredictor(path: string, build?: EncoderBuilder): Promise<TextPredictor> {
  const streams = new RandomStreams(0); // every weight is in the folder
  let kind: Kind | undefined;
  let longest = 0;
  const { model, tokenizer } = await openModel(path, {
    streams,
    ...(build && { build }),
    head: (encoder, folder) => {
      longest = encoder.sizes.positions;
      kind = kindOf(encoder, folder, streams);
      return kind.task.model;
    },
  });
  if (tokenizer === undefined) {
    model.dispose();
    throw new UserError(`There is no tokenizer in ${path}: neither tokenizer.json nor vocab.txt.`, 3);
  }
  const opened = kind as Kind;
  const read = makeOutputReader(opened.task, 1);
  return {
    description: opened.description,
    predict: async (line) => opened.predict(fieldsOf(line), { tokenizer, read, longest }),
    dispose() {
      read.dispose();
      model.dispose();
    },
  };
}

function kindOf(encoder: EncoderModel, folder: ModelFolder, streams: RandomStreams): Kind {
  const { architecture = '', settings, labels, settingsPath } = folder;
  if (architecture.endsWith('ForQuestionAnswering')) return extraction(new SpanExtractor(encoder, streams));
  if (!architecture.endsWith('ForSequenceClassification')) {
    throw new UserError(
      `${settingsPath}: a model of the kind ${architecture || '(none is named)'} answers no text; its architecture must be ` +
        'one for sequence classification or question answering. `run efficient-bert-glue --set saveTo=DIR` makes such a folder.',
      3,
    );
  }
  if (settings.problem_type === 'regression' || labels?.length === 1)
    return regression(new SequenceRegressor(encoder, streams));
  if (labels === undefined)
    throw new UserError(`${settingsPath}: id2label is missing, which names the classes.`, 3);
  return classification(new SequenceClassifier(encoder, labels, streams));
}

function classification(model: SequenceClassifier): Kind {
  return {
    task: classificationTask(model),
    description: `classes ${model.labels.join(', ')}; a line is a text, or two with a tab between them`,
    async predict(fields, given) {
      const logits = Array.from(await outputsOf(fields, given));
      const most = Math.max(...logits);
      const weights = logits.map((logit) => Math.exp(logit - most));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return {
        label: model.labels[logits.indexOf(most)],
        probabilities: Object.fromEntries(
          model.labels.map((label, id) => [label, (weights[id] as number) / total]),
        ),
      };
    },
  };
}

function regression(model: SequenceRegressor): Kind {
  return {
    task: regressionTask(model),
    description: 'a score; a line is a text, or two with a tab between them',
    predict: async (fields, given) => ({ score: (await outputsOf(fields, given))[0] }),
  };
}

function extraction(model: SpanExtractor): Kind {
  return {
    task: spanTask(model),
    description: 'answers from a context; a line is a question and a context with a tab between them',
    async predict(fields, { tokenizer, read, longest }) {
      const { question = fields.text, context = fields.pair } = fields;
      const asked = {
        id: 'asked',
        question: required(question, 'question'),
        context: required(context, 'context'),
        answers: [],
        impossible: false,
      };
      const options = windowsWithin(longest);
      const { length } = options;
      const windows = squadWindows(asked, tokenizer, options) ?? [];
      const outputs = await read({
        size: windows.length,
        at: (index) => ({ ...(windows[index] as (typeof windows)[number]), targets: [0, 0] }),
      });
      const scored = windows.map((window, i) => {
        const row = outputs[i] as Float32Array;
        return { window, start: row.subarray(0, length), end: row.subarray(length) };
      });
      const { text, candidates, nullScore } = predictAnswer(asked, scored, tokenizer, SQUAD_ANSWERS);
      return { answer: text, score: candidates[0]?.score ?? null, nullScore };
    },
  };
}

/** SQuAD's windows, or smaller ones for a model of few positions: they still overlap, behind the longest question. */
function windowsWithin(positions: number): SquadWindowOptions {
  const length = Math.min(SQUAD_WINDOWS.length, positions);
  return {
    length,
    questionLength: Math.min(SQUAD_WINDOWS.questionLength, Math.floor(length / 2)),
    stride: Math.min(SQUAD_WINDOWS.stride, Math.ceil(length / 4)),
  };
}

/** Of a text or a pair, padded to a power of two: that few different lengths are recorded. */
async function outputsOf({ text, pair }: Fields, { tokenizer, read, longest }: Given): Promise<Float32Array> {
  const numbers = (part: string) => tokenizer.numbers(tokenizer.tokenize(part));
  const first = numbers(required(text, 'text'));
  const second = pair === undefined ? undefined : numbers(required(pair, 'pair'));
  const needed = first.length + 2 + (second === undefined ? 0 : second.length + 1);
  const length = Math.min(longest, 2 ** Math.max(4, Math.ceil(Math.log2(needed))));
  const example = { ...tokenizer.combine(first, second, length), targets: [0] };
  const [outputs] = await read({ size: 1, at: () => example });
  return outputs as Float32Array;
}

function fieldsOf(line: string): Fields {
  if (!line.trimStart().startsWith('{')) {
    const [text, pair, ...more] = line.split('\t');
    if (more.length > 0) throw new UserError('There is more than one tab: a line is a text or a pair.');
    return pair === undefined ? { text: text as string } : { text: text as string, pair };
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(`It begins as JSON and is not: ${(error as Error).message}.`);
  }
  const wrong = Object.entries(value as object).find(([, field]) => typeof field !== 'string');
  if (wrong !== undefined) throw new UserError(`${wrong[0]} must be a text.`);
  return value as Fields;
}

function required(field: string | undefined, name: string): string {
  if (field === undefined) throw new UserError(`There is no ${name}.`);
  if (field.trim() === '') throw new UserError(`The ${name} is empty.`);
  return field;
}
