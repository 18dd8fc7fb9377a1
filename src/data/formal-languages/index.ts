export { type Counted, countedTargets, countRight } from './accuracy.ts';
export type { FormalSample, FormalTask } from './formal-task.ts';
export { type FormalTaskName, formalTask, formalTaskNames, formalTasks } from './tasks.ts';
