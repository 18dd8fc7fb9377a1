import type { DistillationConfig } from './config.ts';
import { chosenWays, WAYS } from './ways.ts';

/** How everything is trained, for `--dry-run`. */
export function planNotes(config: DistillationConfig): string[] {
  const { pretraining, texts, batchSize } = config;
  return [
    `Mode: ${config.faithful ? 'faithful' : 'mended'}; task ${config.task}, ${config.length} tokens`,
    `Teacher: ${config.teacher}, ${config.teacherEpochs} epochs, rate ${config.teacherLearningRate}, batches of ${config.teacherBatchSize}`,
    'Losses: attention and hidden states 1, predictions 1, temperature 1; warm-up 0.1, weight decay 0.01, gradient norm 1',
    `Supernet: ${pretraining.epochs} epochs of texts at rate ${pretraining.learningRate} in batches of ${pretraining.batchSize}`,
    `Student on texts: ${texts.epochs} epochs at rate ${texts.learningRate} in batches of ${texts.batchSize}`,
    `Student on the task: ${config.epochs.join(', ')} epochs at rate ${config.learningRate} in batches of ${batchSize}`,
    `Ways: ${chosenWays(config.ways)
      .map((way) => WAYS[way])
      .join('; ')}`,
  ];
}
