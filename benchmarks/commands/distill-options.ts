import { InvalidArgumentError, Option } from 'commander';
import type { BackendRequest } from '../../src/backends/backend.ts';
import { STUDENT_NAMES } from '../efficient-bert-distillation-training/student-choice.ts';
import { PRETRAINED } from '../efficient-bert-models/model-names.ts';
import { backendOption, parseCount } from './option-values.ts';

/** What `distill`, `pretrain` and `search` have in common. */
export interface DistillingOptions {
  readonly teacher: string;
  readonly student: string;
  readonly text?: string;
  readonly length: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly faithful?: true;
  readonly backend?: BackendRequest;
  readonly out: string;
  readonly resume?: true;
  readonly quiet?: true;
}

/** Of a task of GLUE. */
export interface TaskOptions {
  readonly task: string;
  readonly dataDir?: string;
}

export type OptionGroups = Readonly<Record<string, readonly Option[]>>;

const DEFAULT_LENGTH = 128;
const DEFAULT_BATCH = 32;

export function teacherOption(): Option {
  return new Option('--teacher <dir>', 'its folder, in Hugging Face’s layout or made here').default(
    PRETRAINED,
    `${PRETRAINED}, which is fetched`,
  );
}

export function taskOptions(): Option[] {
  return [
    new Option('--task <name>', 'of GLUE, as `data ls` shows them').default('sst-2', 'sst-2'),
    new Option('--data-dir <dir>', 'with SST-2/train.tsv and so on (default: where `data download` puts it)'),
  ];
}

export function textOption(defaultText: string): Option {
  return new Option(
    '--text <file>',
    `UTF-8 text to pre-train on, a document a line (default: ${defaultText})`,
  );
}

export function studentOption(more = ''): Option {
  return new Option('--student <name>', `${STUDENT_NAMES.join(', ')}, small${more}`).default(
    'efficient-bert-tiny',
    'efficient-bert-tiny',
  );
}

/** Of a supernet made before. */
export function supernetOption(): Option {
  return new Option(
    '--supernet <dir>',
    'its folder, as `pretrain --supernet` leaves it, to begin with its slices (default: none)',
  );
}

export function textEpochsOption(value: number): Option {
  return new Option('--text-epochs <n>', `passes over the texts before the task; 0: none`)
    .argParser((text) => (text === '0' ? 0 : parsePositive(text)))
    .default(value);
}

export function lengthOptions(): Option[] {
  return [
    new Option('--length <n>', 'tokens of a text; longer ones are cut')
      .argParser(parseCount)
      .default(DEFAULT_LENGTH),
    new Option('--batch-size <n>', 'texts in a step').argParser(parseCount).default(DEFAULT_BATCH),
  ];
}

export function numberOption(flags: string, text: string, value: number): Option {
  return new Option(flags, text).argParser(parsePositive).default(value);
}

export function runOptions(): OptionGroups {
  return {
    'How it runs:': [
      new Option('--seed <n>', 'of first weights, order and dropout').argParser(parseSeed).default(0),
      new Option('--faithful', 'with the quirks of the authors’ code (default: mended)'),
      backendOption('auto'),
    ],
    'Where it goes:': [
      new Option('--out <dir>', 'folder; the model is in its folder model').default('distilled', 'distilled'),
      new Option('--resume', 'continue the run in --out where it stopped (default: false)'),
    ],
    'What it shows:': [new Option('--quiet', 'no progress (default: false)')],
  };
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (/^[\d.e-]+$/i.test(text) && value > 0) return value;
  throw new InvalidArgumentError('Give a number above 0.');
}

function parseSeed(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 0 up.');
}
