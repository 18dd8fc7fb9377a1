import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { CellResult, TrainingCell } from '../came-training/cells.ts';
import { contestantSettings } from '../came-training/contestants.ts';
import { startCells as startTraining } from '../came-training/start-cells.ts';
import { type CameConfidenceAblationConfig, variants } from './config.ts';

export function startCells(
  context: CellContext<CameConfidenceAblationConfig>,
): Promise<CellRunner<TrainingCell, CellResult>> {
  const { config } = context;
  const byName = new Map(variants(config).map((variant) => [variant.name, variant]));
  return startTraining(context, ({ contestant }) => {
    const variant = byName.get(contestant);
    if (variant === undefined) throw new Error(`there is no variant ${contestant}`);
    const confidence = variant.beta3 !== undefined;
    // Without confidence β₃ is read by nothing.
    const came = { ...config.came, beta3: variant.beta3 ?? contestantSettings.came.beta3, confidence };
    const settings = { ...contestantSettings, came };
    return { title: `CAME ${variant.title}`, task: config, optimizer: 'came', settings };
  });
}
