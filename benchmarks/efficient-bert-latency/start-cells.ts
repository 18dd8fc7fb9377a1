import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveModel } from '../../src/bert/index.ts';
import { type CellContext, type CellRunner, Interrupted } from '../../src/experiment/experiment.ts';
import type { LineProcess } from '../../src/experiment/line-process.ts';
import type { ArchitectureName } from '../efficient-bert-models/model-names.ts';
import { findPeers, missingPackages, startPeer } from '../peers.ts';
import type { LatencyCell, LatencyConfig, LatencyResult } from './config.ts';
import { measure } from './measure.ts';
import { makeModel, type TimedModel } from './models.ts';
import { startOnnxruntime } from './onnxruntime.ts';

/** PyTorch with the same weights. */
export interface Torch {
  readonly process: LineProcess;
  readonly version: string;
  /** Models that it has. */
  readonly models: ReadonlySet<string>;
}

/** All cells share the models. */
export async function startCells(
  context: CellContext<LatencyConfig>,
): Promise<CellRunner<LatencyCell, LatencyResult>> {
  const { config, progress, signal } = context;
  progress.note(`Making ${config.models.join(', ')}.`);
  const models = config.models.map((name) => makeModel(name as ArchitectureName, config.reducedBy));
  setMaxListeners(0, signal);
  const torch = await startTorch(context, models);
  const onnx = await startOnnxruntime(models);
  if (typeof onnx === 'string') progress.note(`onnxruntime is not timed: ${onnx}.`);
  return {
    async run(cell) {
      try {
        return await measure(cell, models, torch, onnx, context);
      } catch (error) {
        throw signal.aborted ? new Interrupted() : error;
      }
    },
    async dispose() {
      await torch?.process.close();
      if (typeof onnx !== 'string') await onnx.dispose();
      for (const { model } of models) model.dispose();
    },
  };
}

async function startTorch(
  { peers: python, progress, signal }: CellContext<LatencyConfig>,
  models: readonly TimedModel[],
): Promise<Torch | undefined> {
  if (python === undefined) return undefined;
  const peers = await findPeers(python);
  const missing = missingPackages(peers, ['torch', 'safetensors', 'numpy']);
  if (missing.length > 0) {
    progress.warn(`PyTorch is not timed: ${python} lacks ${missing.join(', ')}`);
    return undefined;
  }
  const process = startPeer(peers, 'PyTorch', 'bert.py');
  signal.addEventListener('abort', () => void process.close(), { once: true });
  // MobileBERT's blocks are not in the script: the comparison is about BERT and EfficientBERT.
  const known = models.filter(({ name }) => name !== 'mobilebert-tiny');
  const folder = await mkdtemp(join(tmpdir(), 'latency-'));
  let version = '';
  try {
    for (const { name, model } of known) {
      const path = join(folder, name);
      await saveModel(path, model);
      version = (await process.ask('load', { model: name, folder: path })).version as string;
      await rm(path, { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { process, version, models: new Set(known.map(({ name }) => name)) };
}
