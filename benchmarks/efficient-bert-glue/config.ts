import { findGlueTask } from '../../src/data/glue/tasks.ts';
import { UserError } from '../../src/errors.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';
import { checkModelName, SMALL } from '../efficient-bert-models/model-names.ts';
import type { ModelChoice } from '../efficient-bert-models/open-task-model.ts';
import { BERT_RECIPE, checkRecipe, type Recipe } from '../efficient-bert-models/recipe.ts';

/** In place of a folder: rows that are made here, for a try. */
export const GENERATED = 'generated';

export type GlueConfig = ModelChoice &
  Recipe & {
    /** Of GLUE, such as sst-2. */
    readonly task: string;
    /** Holds SST-2/train.tsv and so on; empty: where `data download` puts it; `generated`: a few rows made here. */
    readonly dataDir: string;
    /** Whether damaged rows are left out, and counted, in place of an error. */
    readonly skipBadRows: boolean;
    /** Metrics over batches of four times the training's, averaged, as EfficientBERT's authors do; else over the whole set. */
    readonly averageOverBatches: boolean;
    /** Where the best model, its predictions and the file for the GLUE server are written, in a folder for each cell; empty: nowhere. */
    readonly saveTo: string;
    /** The claim: so many percentage points above the majority class, in so many minutes. */
    readonly points: number;
    readonly minutes: number;
  };

const laptop: GlueConfig = {
  ...BERT_RECIPE,
  task: 'sst-2',
  dataDir: '',
  skipBadRows: false,
  averageOverBatches: false,
  model: SMALL,
  tokenizer: '',
  vocabulary: 8000,
  small: { width: 64, layers: 2, heads: 4, hidden: 64, embeddingWidth: 64 },
  epochs: 5,
  learningRate: 1e-3,
  dropout: 0.2,
  saveTo: '',
  points: 20,
  minutes: 10,
};

export const presets: Readonly<Record<Preset, GlueConfig>> = {
  smoke: {
    ...laptop,
    dataDir: GENERATED,
    small: { width: 16, layers: 1, heads: 2, hidden: 16, embeddingWidth: 16 },
    vocabulary: 200,
    batchSize: 16,
    epochs: 4,
    learningRate: 1e-2,
    dropout: 0.1,
    evaluations: 3,
    length: 16,
  },
  laptop,
  // A pre-trained model by the recipe of BERT's authors.
  paper: { ...laptop, ...BERT_RECIPE, model: 'all-minilm-l6-v2', epochs: 3, length: 128, evaluations: 30 },
};

export function check(config: GlueConfig): void {
  const { name, files } = findGlueTask(config.task);
  if (files.train === undefined)
    throw new UserError(`${name} has no training set: train on mnli, and predict with the saved model.`);
  checkModelName(config.model);
  checkRecipe(config);
  demandCounts(config, ['vocabulary']);
  demandCounts(config.small as Config, ['width', 'layers', 'heads', 'hidden', 'embeddingWidth']);
  const { width, heads } = config.small;
  demand(width % heads === 0, 'small.heads', heads, `a divisor of the width ${width}`);
  demand(config.points > 0, 'points', config.points, 'above 0');
  demand(config.minutes > 0, 'minutes', config.minutes, 'above 0');
}
