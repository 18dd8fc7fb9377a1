import type { Experiment } from '../src/experiment/experiment.ts';
import {
  check,
  type LatencyCell,
  type LatencyConfig,
  type LatencyResult,
  latencyCells,
  presets,
} from './efficient-bert-latency/config.ts';

/** How long a forward pass of each configuration takes beside BERT-base's, captured and eager, beside PyTorch and onnxruntime-node. */
export const efficientBertLatency: Experiment<LatencyConfig, LatencyCell, LatencyResult> = {
  name: 'efficient-bert-latency',
  title: 'Latency of EfficientBERT and others beside BERT-base',
  claim:
    'EfficientBERT is at least 4.4 times as fast as BERT-base at batch 1 and 128 tokens, and our BERT-base at least as fast as ' +
    'PyTorch’s, eager, on the same machine in the same run',
  question: 'How many parameters, multiply-accumulates and milliseconds does each configuration take?',
  presets,
  durations: {
    smoke: '15 s',
    laptop: '10 min on 2 cores, 4 GB of memory; 8 GB with --peers',
    paper: '40 min on 2 cores, 8 GB of memory with --peers',
  },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: false,
  backend: 'cpu',
  cellsRun: 'alone',
  cellSeconds: { smoke: 2, laptop: 150, paper: 600 },
  check,
  cells: ({ config }) => latencyCells(config),
  startCells: async (context) =>
    (await import('./efficient-bert-latency/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./efficient-bert-latency/outcome.ts')).outcome(context, results),
};
