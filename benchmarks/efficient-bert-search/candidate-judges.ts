import type { TaskData } from '../efficient-bert-distillation-training/task-data.ts';
import { type Judge, makeJudge, type TaskHead } from '../efficient-bert-distillation-training/task-head.ts';

/** The judge of the candidate in hand, compiled once for all its evaluations. */
export class CandidateJudges {
  readonly #task: TaskData['task'];
  readonly #batchSize: number;
  #current: { readonly student: TaskHead; readonly judge: Judge } | undefined;

  constructor({ task }: TaskData, batchSize: number) {
    this.#task = task;
    this.#batchSize = batchSize;
  }

  of(student: TaskHead): Judge {
    if (this.#current?.student !== student) {
      this.dispose();
      this.#current = { student, judge: makeJudge(student, this.#task, this.#batchSize) };
    }
    return this.#current.judge;
  }

  dispose(): void {
    this.#current?.judge.dispose();
    this.#current = undefined;
  }
}
