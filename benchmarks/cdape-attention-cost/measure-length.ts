import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendRequest } from '../../src/backends/index.ts';
import { type CellContext, Interrupted } from '../../src/experiment/experiment.ts';
import { storeComparison } from '../../src/experiment/stored-comparison.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';
import { missingPackages, type Peers } from '../peers.ts';
import { compareShown } from '../step-timing/compare-shown.ts';
import { presets as trainingStepPresets } from '../training-step/config.ts';
import { createTask, type Task } from '../training-step/task.ts';
import type { AttentionCostConfig } from './config.ts';
import { peerEncodings, peerName } from './contestant-names.ts';
import { type Started, startOfficial, startOurs } from './contestants.ts';
import { lossDifferences } from './loss-differences.ts';
import type { LengthResult, MeasuredContestant } from './result.ts';

type Context = CellContext<AttentionCostConfig>;

/** A training step of all contestants; they take turns. */
export async function measureLength(
  length: number,
  context: Context,
  peers: Peers | undefined,
): Promise<LengthResult> {
  const folder = await mkdtemp(join(tmpdir(), 'tfjs-methods-'));
  try {
    return await measure(length, createCostTask(length, context.config, folder), context, peers);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function createCostTask(sequence: number, config: AttentionCostConfig, folder: string): Task {
  const { width, layers, heads, batchSize, vocabulary, learningRate } = config;
  return createTask(
    { width, layers, heads, sequence, batch: batchSize, contestants: [] },
    { ...trainingStepPresets.smoke, vocabulary, learningRate, peerVariants: false },
    join(folder, 'weights'),
  );
}

async function measure(
  length: number,
  task: Task,
  context: Context,
  peers: Peers | undefined,
): Promise<LengthResult> {
  const { config, progress, signal } = context;
  const encodings = chosenEncodings(config.encodings);
  progress.expect(encodings.length + config.rounds);
  const started: Started[] = [];
  const absences: Record<string, string> = {};
  try {
    const { hiddenWidth, kernelSize } = config;
    const given = { ...task, hiddenWidth, kernelSize };
    for (const encoding of encodings) {
      if (signal.aborted) throw new Interrupted();
      progress.advance({ label: `T ${length}: preparing ${encoding}` });
      started.push(await startOurs(encoding, given, context.backend.name as BackendRequest, signal));
    }
    for (const encoding of peerEncodings.filter((one) => (encodings as readonly string[]).includes(one))) {
      if (signal.aborted) throw new Interrupted();
      const absent = whyAbsent(peers);
      if (absent === undefined) started.push(await startOfficial(encoding, given, peers as Peers, signal));
      else absences[peerName(encoding)] = absent;
    }
    const differences = lossDifferences(started);
    const comparison = await compareShown(started, config, {
      label: `T ${length}`,
      progress,
      signal,
      pause: 200,
      steps: (name) => stepsOf(started.find((one) => one.name === name) as Started, config),
    });
    const contestants = await Promise.all(started.map(measured));
    return {
      length,
      contestants,
      comparison: storeComparison(comparison),
      lossDifferences: differences,
      absences,
    };
  } catch (error) {
    throw signal.aborted ? new Interrupted() : error;
  } finally {
    await Promise.all(started.map(({ process }) => process.close()));
  }
}

function stepsOf({ estimate }: Started, { sectionSeconds, maximumSteps }: AttentionCostConfig): number {
  return Math.min(maximumSteps, Math.max(1, Math.round((sectionSeconds * 1000) / estimate)));
}

function whyAbsent(peers: Peers | undefined): string | undefined {
  if (peers === undefined) return 'no --peers';
  const missing = missingPackages(peers, ['torch', 'safetensors']);
  return missing.length > 0 ? `${peers.python} lacks ${missing.join(', ')}` : undefined;
}

async function measured({ name, process, version, form, threads }: Started): Promise<MeasuredContestant> {
  const { kilobytes } = await process.ask('peak');
  return { name, version, form, threads, peakBytes: 1024 * (kilobytes as number) };
}
