import type { TrainingLength } from '../efficient-bert-distillation-training/recipe.ts';
import type { SearchConfig } from './config.ts';

/** How everything is trained and searched, for `--dry-run`. */
export function planNotes(config: SearchConfig): string[] {
  const { candidates, candidate, shared, finalStudent, initialShare } = config;
  const initial = (stage: keyof typeof candidates) =>
    Math.max(1, Math.round(initialShare * candidates[stage]));
  const stages = (Object.keys(candidates) as (keyof typeof candidates)[]).map(
    (stage) =>
      `${stage} ${candidates[stage].toLocaleString('en-US')} (${initial(stage)} before the first fit)`,
  );
  return [
    `Mode: ${config.faithful ? 'faithful' : 'mended'}; task ${config.task}, ${config.length} tokens; ${100 * config.heldShare} % of the training set judge candidates, ${100 * config.sharedHeldShare} % in stage 3`,
    `Teacher: ${config.teacher}, ${config.teacherEpochs} epochs, rate ${config.teacherLearningRate}, batches of ${config.teacherBatchSize}`,
    `Candidates: ${stages.join(', ')}; ${config.interval} between fits; stacking 1 to 4, ratios 1, 1/2, 1/3, 1/4; window as the paper's 15 to 16 of 12.7 to 25.9 million`,
    `Losses: attention and hidden states 1, predictions 1, temperature 1; warm-up 0.1, weight decay 0.01, gradient norm 1`,
    `Supernet: ${inWords(config.pretraining)} of texts`,
    `Candidates of stages 1 and 2: ${inWords(candidate.texts)} of texts, then ${inWords(candidate.task)} of the task`,
    `Shared weights of stage 3: ${inWords(shared.texts)} of texts, then ${inWords(shared.task)} of the task`,
    `Found student: ${inWords(finalStudent.texts)} of texts, then ${inWords(finalStudent.task)} of the task`,
  ];
}

function inWords({ epochs, learningRate, batchSize }: TrainingLength): string {
  return `${epochs} epochs at rate ${learningRate} in batches of ${batchSize}`;
}
