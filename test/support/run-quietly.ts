import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backend, releaseBackend, useBackend } from '../../src/backends/index.ts';
import type { Cell } from '../../src/experiment/cells.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { Experiment, Outcome } from '../../src/experiment/experiment.ts';
import { progressLine } from '../../src/experiment/progress-line.ts';

/**
 * Runs all cells of an experiment's smoke preset, or of another configuration of it, in this process: without command line,
 * progress or results on disk. Results go through JSON, as they do in a run.
 */
export async function runQuietly<C extends Config, K extends Cell, R>(
  experiment: Experiment<C, K, R>,
  config: C = experiment.presets.smoke,
): Promise<{ outcome: Outcome; backend: Backend }> {
  const folder = await mkdtemp(join(tmpdir(), 'tfjs-methods-run-'));
  const backend = await useBackend('cpu');
  const shared = { preset: 'smoke', config, seeds: [0], backend, peers: undefined } as const;
  const runner = await experiment.startCells({
    ...shared,
    progress: progressLine({ quiet: true, stream: process.stderr, colour: false }),
    signal: new AbortController().signal,
    data: undefined,
  });
  try {
    const results = new Map<string, R>();
    const missing = () => experiment.cells(shared, results).filter(({ id }) => !results.has(id));
    for (let cells = missing(); cells.length > 0; cells = missing()) {
      for (const cell of cells) {
        const result = await runner.run(cell, join(folder, cell.id));
        results.set(cell.id, JSON.parse(JSON.stringify(result)) as R);
      }
    }
    return { outcome: await experiment.outcome(shared, results), backend };
  } finally {
    await runner.dispose();
    await releaseBackend();
    await rm(folder, { recursive: true, force: true });
  }
}
