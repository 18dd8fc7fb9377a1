/** Computes cells in a process of its own: `run` starts as many as there are jobs and puts the questions. */
import { serveCells } from '../src/experiment/serve-cells.ts';
import { findExperiment } from './registry.ts';

serveCells(findExperiment);
