import { setMaxListeners } from 'node:events';
import { findGlueTask, type GlueTask } from '../../src/data/glue/index.ts';
import { buildVocabulary, readTokenizer, WordPieceTokenizer } from '../../src/data/index.ts';
import { type CellContext, type CellRunner, Interrupted } from '../../src/experiment/experiment.ts';
import { type ExampleSet, glueExamples } from '../../src/tasks/index.ts';
import { type GlueRows, loadRows } from '../efficient-bert-glue/load-rows.ts';
import { modelFolderOf } from '../efficient-bert-models/open-task-model.ts';
import { stepsOf } from '../efficient-bert-models/recipe.ts';
import { findPeers, missingPackages, type Peers } from '../peers.ts';
import type { FineTuningCell, FineTuningResult } from './cells.ts';
import { type FineTuningConfig, TINY } from './config.ts';
import { timeStep } from './time-step.ts';
import { trainOurs } from './train-ours.ts';
import { trainTorch } from './train-torch.ts';

/** What all cells share. */
export interface FineTuningData {
  readonly task: GlueTask;
  readonly classes: readonly string[];
  readonly rows: GlueRows;
  readonly tokenizer: WordPieceTokenizer;
  /** Undefined: the model is drawn anew. */
  readonly folder: string | undefined;
  readonly train: ExampleSet;
  readonly dev: ExampleSet;
  /** Of each training. */
  readonly steps: number;
  /** With PyTorch; or why there is none. */
  readonly peers: Peers | string;
}

export async function startCells(
  context: CellContext<FineTuningConfig>,
): Promise<CellRunner<FineTuningCell, FineTuningResult>> {
  const { config, progress, signal } = context;
  setMaxListeners(0, signal); // one for each process of PyTorch
  const task = findGlueTask('sst-2');
  const rows = await loadRows(task, config);
  const folder = config.model === TINY ? undefined : await modelFolderOf(config, progress);
  const tokenizer =
    folder === undefined
      ? new WordPieceTokenizer(
          buildVocabulary(
            rows.train.map(({ a }) => a),
            { size: 200 },
          ),
        )
      : await readTokenizer(folder);
  const encode = (examples: GlueRows['train']) => glueExamples(examples, tokenizer, config.length);
  const whole = stepsOf(config, rows.train.length);
  const steps = config.maximumSteps === 0 ? whole : Math.min(whole, config.maximumSteps);
  const peers = await torchFor(context.peers);
  progress.note(
    `sst-2: ${rows.train.length} examples to train on (${rows.source}), ${rows.dev.length} to judge by; ${steps} steps of ${config.batchSize}.`,
  );
  if (typeof peers === 'string') progress.note(`PyTorch takes no part: ${peers}`);
  const data: FineTuningData = {
    task,
    classes: task.classes as readonly string[],
    rows,
    tokenizer,
    folder,
    train: encode(rows.train),
    dev: encode(rows.dev),
    steps,
    peers,
  };
  const run = { step: timeStep, ours: trainOurs, pytorch: trainTorch };
  return {
    async run(cell, cellFolder) {
      try {
        return await run[cell.what](cell, cellFolder, data, context);
      } catch (error) {
        // A peer that is stopped ends its answers with an error of its own.
        throw signal.aborted ? new Interrupted() : error;
      }
    },
    dispose() {},
  };
}

async function torchFor(python: string | undefined): Promise<Peers | string> {
  if (python === undefined) return 'no --peers';
  const peers = await findPeers(python);
  const missing = missingPackages(peers, ['torch', 'safetensors', 'numpy']);
  return missing.length > 0 ? `${python} lacks ${missing.join(', ')}` : peers;
}
