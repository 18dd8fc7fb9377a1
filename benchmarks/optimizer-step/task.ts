import { bertShapes } from '../step-timing/shapes.ts';
import { createStepTask, type StepTask } from '../step-timing/task.ts';
import type { OptimizerStepConfig } from './config.ts';

/** The work that all contestants of one optimizer do. */
export function createTask({ bert, learningRate }: OptimizerStepConfig): StepTask {
  return createStepTask(bertShapes(bert), learningRate);
}
