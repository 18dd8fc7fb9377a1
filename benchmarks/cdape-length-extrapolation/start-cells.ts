import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { EncodingCell } from '../cdape-training/cells.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import { announceCorpus } from './announce-corpus.ts';
import type { ExtrapolationConfig } from './config.ts';
import type { ExtrapolationResult } from './result.ts';
import { testLengths } from './test-lengths.ts';
import { trainCell } from './train-cell.ts';

export async function startCells(
  context: CellContext<ExtrapolationConfig>,
): Promise<CellRunner<EncodingCell, ExtrapolationResult>> {
  const { config, signal } = context;
  const corpus = announceCorpus(context);
  const { encodings: _, order: __, orderFactor: ___, ...task } = config;
  return {
    async run(cell, folder) {
      const title = `${titleOf(cell.encoding)} seed ${cell.seed}`;
      const { seen, ...trained } = await trainCell({ title, cell, task, corpus, folder }, context, (model) =>
        testLengths(model, task, corpus, signal),
      );
      return { ...trained, tests: seen ?? [] };
    },
    dispose() {},
  };
}
