import type { AnswerOptions } from '../../src/data/squad/answers.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';
import { checkModelName, PRETRAINED, SMALL } from '../efficient-bert-models/model-names.ts';
import type { ModelChoice } from '../efficient-bert-models/open-task-model.ts';
import { BERT_RECIPE, checkRecipe, type Recipe } from '../efficient-bert-models/recipe.ts';

/** In place of a folder: questions that are made here, for a try. */
export const GENERATED = 'generated';

export const VERSIONS = ['1.1', '2.0'] as const;

export type SquadConfig = ModelChoice &
  Recipe & {
    /** 2.0 has questions without an answer, 1.1 has none. */
    readonly version: string;
    /** Holds squad2.0/train-v2.0.json and so on, or the files themselves; empty: where `data download` puts them; `generated`: a few questions made here. */
    readonly dataDir: string;
    /** Whether damaged records are left out, and counted, in place of an error. */
    readonly skipBadRows: boolean;
    /** How many questions are used, evenly spread over the file; 0: all. */
    readonly trainingQuestions: number;
    readonly devQuestions: number;
    /** Tokens of a question at most, two special ones included. */
    readonly questionLength: number;
    /** A window of the context begins so many tokens after the one before. */
    readonly stride: number;
    /** Starts and ends that are tried of each window, and tokens of an answer at most. */
    readonly candidates: number;
    readonly longestAnswer: number;
    /** Version 2.0: how much more "no answer" must score than the best answer. */
    readonly nullThreshold: number;
    /**
     * Whether the best weights are those that do best with the best of all thresholds, not with the one above: early in a training a
     * model that answers nothing scores more at that than one that has begun to find answers.
     */
    readonly selectAtBestThreshold: boolean;
    /** Where the best model and its predictions are written, in a folder for each cell; empty: nowhere. */
    readonly saveTo: string;
    /** The claim: so many points of F1 above the sentence that shares most words with the question. */
    readonly points: number;
  };

const laptop: SquadConfig = {
  ...BERT_RECIPE,
  version: '2.0',
  dataDir: '',
  skipBadRows: false,
  trainingQuestions: 3000,
  devQuestions: 500,
  questionLength: 64,
  stride: 96,
  candidates: 20,
  longestAnswer: 30,
  nullThreshold: 0,
  selectAtBestThreshold: true,
  model: PRETRAINED,
  tokenizer: '',
  vocabulary: 8000,
  small: { width: 64, layers: 2, heads: 4, hidden: 64, embeddingWidth: 64 },
  batchSize: 16,
  epochs: 1,
  learningRate: 1e-4,
  evaluations: 3,
  length: 192,
  saveTo: '',
  points: 5,
};

export const presets: Readonly<Record<Preset, SquadConfig>> = {
  smoke: {
    ...laptop,
    dataDir: GENERATED,
    model: SMALL,
    small: { width: 16, layers: 1, heads: 2, hidden: 16, embeddingWidth: 16 },
    vocabulary: 200,
    trainingQuestions: 0,
    devQuestions: 0,
    epochs: 6,
    learningRate: 1e-2,
    evaluations: 2,
    length: 32,
    questionLength: 8,
    stride: 8,
  },
  laptop,
  // Spec 6.2 of EfficientBERT: the windows, batch and answers of the authors.
  paper: {
    ...laptop,
    trainingQuestions: 0,
    devQuestions: 0,
    selectAtBestThreshold: false,
    stride: 32,
    length: 128,
    batchSize: 32,
    epochs: 3,
    learningRate: 5e-5,
    evaluations: 10,
  },
};

export function answerOptionsOf(config: SquadConfig): AnswerOptions {
  const { version, candidates: best, longestAnswer: longest, nullThreshold } = config;
  return { best, longest, nullThreshold: version === '1.1' ? null : nullThreshold };
}

export function check(config: SquadConfig): void {
  const { version, length, questionLength, stride, small } = config;
  const known: readonly string[] = VERSIONS;
  demand(known.includes(version), 'version', version, `one of ${VERSIONS.join(', ')}`);
  checkModelName(config.model);
  checkRecipe(config);
  demandCounts(config, ['vocabulary', 'stride', 'candidates', 'longestAnswer']);
  demandCounts(small as Config, ['width', 'layers', 'heads', 'hidden', 'embeddingWidth']);
  demand(
    small.width % small.heads === 0,
    'small.heads',
    small.heads,
    `a divisor of the width ${small.width}`,
  );
  for (const key of ['trainingQuestions', 'devQuestions'] as const) {
    const value = config[key];
    demand(Number.isSafeInteger(value) && value >= 0, key, value, 'a whole number, or 0 for all');
  }
  const fits = Number.isSafeInteger(questionLength) && questionLength >= 3 && questionLength <= length - 2;
  demand(fits, 'questionLength', questionLength, `from 3 to the length less 2, ${length - 2}`);
  // Behind a question of the full length.
  const room = length - questionLength - 1;
  demand(
    stride <= room,
    'stride',
    stride,
    `at most ${room}, the tokens of a context beside the longest question`,
  );
  demand(config.points > 0, 'points', config.points, 'above 0');
}
