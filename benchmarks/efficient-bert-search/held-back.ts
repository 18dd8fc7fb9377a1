import { part, type TaskData } from '../efficient-bert-distillation-training/task-data.ts';

/** The same data with another share of the training set, from its end, to judge by: stages differ in it. */
export function heldBack(data: TaskData, share: number): TaskData {
  const { train } = data;
  const kept = train.size - Math.max(1, Math.round(share * train.size));
  const examples = part(train, kept, train.size);
  const labels = Array.from({ length: examples.size }, (_, index) => examples.at(index).targets[0] as number);
  return { ...data, front: part(train, 0, kept), held: { examples, labels } };
}
