import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { CellResult, TrainingCell } from './cells.ts';
import type { CameConvergenceConfig } from './config.ts';
import { loadCorpus } from './corpus.ts';
import { trainCell } from './train-cell.ts';

/** All cells train on one corpus. */
export async function startCells(
  context: CellContext<CameConvergenceConfig>,
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
    run: (cell, folder) => trainCell(cell, folder, { ...context, corpus }),
    dispose() {},
  };
}
