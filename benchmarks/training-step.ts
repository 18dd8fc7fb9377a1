import type { Experiment } from '../src/experiment/experiment.ts';
import { checkConfig, presets, type TrainingStepConfig } from './training-step/config.ts';
import type { SizeCell, SizeResult } from './training-step/measure-size.ts';

/** How long one training step takes, beside other ways to compute it and beside the machine's own limit. */
export const trainingStep: Experiment<TrainingStepConfig, SizeCell, SizeResult> = {
  name: 'training-step',
  title: 'Speed of one training step',
  question:
    'How fast is one training step of a small Transformer language model, captured, beside eager TensorFlow.js, PyTorch and JAX?',
  claim:
    'On idle 2 cores the captured step is at least 1.8 times as fast as eager TensorFlow.js, 1.0 as PyTorch eager and 1.6 as JAX jit, and ' +
    "at D256 reaches 65 % of the machine's matmul peak; wasm is at least 2.5 times as fast as stock tfjs-wasm",
  presets,
  durations: {
    smoke: '20 s on 2 cores',
    laptop: '8 min on 2 cores with --peers',
    paper: '15 min on 2 cores with --peers',
  },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: false,
  backend: 'cpu',
  check: checkConfig,
  cellsRun: 'alone',
  cellSeconds: { smoke: 15, laptop: 240, paper: 300 },
  cells: ({ config }) => Object.keys(config.sizes).map((id) => ({ id })),
  startCells: async (context) => (await import('./training-step/measure-size.ts')).startCells(context),
  outcome: async ({ config }, results) =>
    (await import('./training-step/report.ts')).report([...results.values()], config),
};
