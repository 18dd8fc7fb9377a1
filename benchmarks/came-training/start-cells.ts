import type { Config } from '../../src/experiment/config.ts';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { CellResult, TrainingCell } from './cells.ts';
import { loadCorpus } from './corpus.ts';
import type { TaskConfig } from './task.ts';
import { type Training, trainCell } from './train-cell.ts';

/** All cells train on one corpus. `trainingOf` says what a cell trains. */
export async function startCells<C extends Config & Pick<TaskConfig, 'context' | 'storyCharacters'>>(
  context: CellContext<C>,
  trainingOf: (cell: TrainingCell) => Training,
): Promise<CellRunner<TrainingCell, CellResult>> {
  const { config, backend, progress, data } = context;
  const corpus = loadCorpus(config, data);
  progress.note(
    `Text: ${corpus.name}, ${corpus.train.length.toLocaleString('en-US')} tokens to train on, ` +
      `${corpus.validation.length.toLocaleString('en-US')} to validate, vocabulary ${corpus.vocabulary.size}.`,
  );
  if (backend.name === 'wasm' || backend.name === 'js') {
    progress.warn(
      `on the ${backend.name} backend this takes many times as long; \`setup\` makes the tensorflow backend work.`,
    );
  }
  return {
    run: (cell, folder) => trainCell(cell, trainingOf(cell), folder, { ...context, corpus }),
    dispose() {},
  };
}
