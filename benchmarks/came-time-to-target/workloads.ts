import type { TaskConfig } from '../came-training/task.ts';

/** Models and texts to be trained, each made of the task that the configuration describes. */
export const workloads = {
  lm: { title: 'next token', of: (task: TaskConfig): TaskConfig => ({ ...task, model: 'lm' }) },
  bert: { title: 'masked tokens', of: (task: TaskConfig): TaskConfig => ({ ...task, model: 'bert' }) },
  'lm-long': {
    title: 'next token, context twice as long',
    of: (task: TaskConfig): TaskConfig => ({ ...task, model: 'lm', context: 2 * task.context }),
  },
  'lm-deep': {
    title: 'next token, twice as many layers',
    of: (task: TaskConfig): TaskConfig => ({ ...task, model: 'lm', layers: 2 * task.layers }),
  },
  'lm-noisy': {
    title: 'next token, a quarter of the batch',
    of: (task: TaskConfig): TaskConfig => ({
      ...task,
      model: 'lm',
      batchSize: Math.max(1, Math.round(task.batchSize / 4)),
    }),
  },
} as const;
export type WorkloadName = keyof typeof workloads;

export const workloadNames = Object.keys(workloads) as WorkloadName[];
