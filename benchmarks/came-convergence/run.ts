import { UserError } from '../../src/errors.ts';
import { readCell, runCells } from '../../src/experiment/cells.ts';
import type { Outcome, RunContext } from '../../src/experiment/experiment.ts';
import { CellProgress } from './cell-progress.ts';
import { type CellResult, contestants, finalCells, type TrainingCell, titles, tuningCells } from './cells.ts';
import type { CameConvergenceConfig } from './config.ts';
import { loadCorpus } from './corpus.ts';
import { chosenRates, outcome } from './outcome.ts';
import { trainCell } from './train-cell.ts';

/** Chooses the learning rates, then runs the winners on fresh seeds. */
export async function run(context: RunContext<CameConvergenceConfig>): Promise<Outcome> {
  const { config, seeds, backend, runDirectory, progress, signal, data } = context;
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
  const tuning = tuningCells(config);
  const missing = tuning.filter((cell) => readCell(runDirectory, cell) === undefined).length;
  progress.expect((missing + contestants.length * seeds.length) * config.steps);

  let announced = false;
  const plan = (results: ReadonlyMap<string, CellResult>): TrainingCell[] => {
    if (tuning.some((cell) => !results.has(cell.id))) return tuning;
    const best = requireRates(config, results);
    if (!announced) {
      const chosen = contestants.map((name) => `${titles[name]} ${best[name]}`).join(', ');
      progress.note(`Best learning rates: ${chosen}. Next: fresh seeds ${seeds.join(', ')}.`);
      announced = true;
      const finals = finalCells(best, seeds);
      const done = finals.filter((cell) => readCell(runDirectory, cell) !== undefined).length;
      progress.expect(-done * config.steps);
    }
    return finalCells(best, seeds);
  };
  const results = await runCells<TrainingCell, CellResult>(
    {
      cells: plan,
      run: (cell) => trainCell(cell, { ...context, corpus }),
      clear: (cell) => new CellProgress(runDirectory, cell).clear(),
    },
    runDirectory,
    signal,
  );
  runDirectory.remove('checkpoints');
  return outcome(context, requireRates(config, results), results);
}

function requireRates(
  config: CameConvergenceConfig,
  results: ReadonlyMap<string, CellResult>,
): NonNullable<ReturnType<typeof chosenRates>> {
  const best = chosenRates(config, results);
  if (best !== null) return best;
  const first = [...results.values()].find(({ diverged }) => diverged !== null)?.diverged?.what ?? '';
  throw new UserError(
    `Every learning rate of one contestant diverged, so there is nothing to compare. ${first} ` +
      'Set lower ones with --set adamw.learningRates=… and --set came.learningRates=….',
  );
}
