import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backend, releaseBackend, useBackend } from '../../src/backends/index.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { Experiment, Outcome } from '../../src/experiment/experiment.ts';
import { progressLine } from '../../src/experiment/progress-line.ts';
import { RunDirectory } from '../../src/experiment/run-directory.ts';

/** Runs an experiment's smoke preset, or another configuration of it, without command line, progress or results on disk. */
export async function runQuietly<C extends Config>(
  experiment: Experiment<C>,
  config: C = experiment.presets.smoke,
): Promise<{ outcome: Outcome; backend: Backend }> {
  const folder = await mkdtemp(join(tmpdir(), 'tfjs-methods-run-'));
  const runDirectory = RunDirectory.open(join(folder, 'run'), 'new');
  const backend = await useBackend('cpu');
  try {
    const outcome = await experiment.run({
      preset: 'smoke',
      config,
      seeds: [0],
      backend,
      runDirectory,
      progress: progressLine({ quiet: true, stream: process.stderr, colour: false }),
      signal: new AbortController().signal,
      data: undefined,
      resume: false,
      peers: undefined,
    });
    return { outcome, backend };
  } finally {
    runDirectory.release();
    await releaseBackend();
    await rm(folder, { recursive: true, force: true });
  }
}
