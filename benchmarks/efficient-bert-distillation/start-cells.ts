import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import { loadTaskData } from '../efficient-bert-distillation-training/task-data.ts';
import { teacherFolderOf } from '../efficient-bert-distillation-training/teacher.ts';
import type { DistillationCell, DistillationResult } from './cells.ts';
import type { DistillationConfig } from './config.ts';
import { runCell } from './run-cell.ts';

export async function startCells(
  context: CellContext<DistillationConfig>,
): Promise<CellRunner<DistillationCell, DistillationResult>> {
  const { config, progress, data: text } = context;
  const teacherFolder = await teacherFolderOf(config.teacher, progress);
  const data = await loadTaskData(config, teacherFolder, text);
  progress.note(
    `${data.task.name}: ${data.train.size} examples, ${data.dev.labels.length} to judge by; pre-training on ${data.textSource}.`,
  );
  return { run: (cell, folder) => runCell(cell, folder, { data, teacherFolder }, context), dispose() {} };
}
