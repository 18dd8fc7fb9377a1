import type { GlueTask } from './tasks.ts';

/** The file that the GLUE server takes: labels as in the data; scores with three digits, at most 5. */
export function glueSubmission(task: GlueTask, predictions: readonly number[]): string {
  const rows = predictions.map((prediction, index) => {
    const label = task.classes === null ? Math.min(5, prediction).toFixed(3) : task.classes[prediction];
    if (label === undefined) throw new RangeError(`${task.name} has no class ${prediction}`);
    return `${index}\t${label}\n`;
  });
  return `index\tprediction\n${rows.join('')}`;
}
