import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import { announceCorpus } from '../cdape-length-extrapolation/announce-corpus.ts';
import type { ExtrapolationResult } from '../cdape-length-extrapolation/result.ts';
import { testLengths } from '../cdape-length-extrapolation/test-lengths.ts';
import { trainCell } from '../cdape-length-extrapolation/train-cell.ts';
import type { KernelSizeConfig } from './config.ts';
import { titleOfVariant, type VariantCell } from './variants.ts';

export async function startCells(
  context: CellContext<KernelSizeConfig>,
): Promise<CellRunner<VariantCell, ExtrapolationResult>> {
  const { config, signal } = context;
  const corpus = announceCorpus(context);
  const { kernelSizes: _, hiddenWidths: __, ...given } = config;
  return {
    async run(cell, folder) {
      const task = { ...given, ...cell.variant };
      const title = `${titleOfVariant(cell.variant)} seed ${cell.seed}`;
      const { seen, ...trained } = await trainCell({ title, cell, task, corpus, folder }, context, (model) =>
        testLengths(model, task, corpus, signal),
      );
      return { ...trained, tests: seen ?? [] };
    },
    dispose() {},
  };
}
