import type { TaskData } from './task-data.ts';
import { makeJudge, type TaskHead } from './task-head.ts';

/** Seconds in which a model reads the dev set, once it is compiled; the best of three. */
export async function readingSeconds(
  model: TaskHead,
  { task, dev }: TaskData,
  batchSize: number,
): Promise<number> {
  const judge = makeJudge(model, task, batchSize);
  try {
    const seconds: number[] = [];
    for (let i = 0; i < 4; i++) {
      const started = performance.now();
      await judge.judge(dev);
      seconds.push((performance.now() - started) / 1000);
    }
    return Math.min(...seconds.slice(1));
  } finally {
    judge.dispose();
  }
}
