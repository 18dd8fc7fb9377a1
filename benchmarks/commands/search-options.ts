import { InvalidArgumentError, Option } from 'commander';
import {
  lengthOptions,
  numberOption,
  type OptionGroups,
  runOptions,
  studentOption,
  supernetOption,
  taskOptions,
  teacherOption,
  textOption,
} from './distill-options.ts';

export function searchOptions(): OptionGroups {
  return {
    'What is searched:': [
      teacherOption(),
      ...taskOptions(),
      studentOption(': its shape, without its networks'),
      supernetOption(),
      textOption('the task’s own sentences'),
    ],
    'How long:': [
      new Option('--candidates <n,n,n>', 'of each stage')
        .argParser(parseBudgets)
        .default([80, 40, 200], '80,40,200'),
      numberOption('--interval <n>', 'candidates between two fits of the action space', 10),
      numberOption('--candidate-epochs <n>', 'passes over the task for each candidate', 3),
      numberOption('--epochs <n>', 'passes over the task for what is found', 10),
      numberOption('--learning-rate <r>', 'after the warm-up', 5e-4),
      numberOption(
        '--text-epochs <n>',
        'passes over the texts: of the supernet, the shared weights, what is found',
        1,
      ),
      ...lengthOptions(),
    ],
    ...runOptions(),
  };
}

function parseBudgets(text: string): number[] {
  const budgets = text.split(',').map(Number);
  if (/^[1-9]\d{0,6}(,[1-9]\d{0,6}){2}$/.test(text)) return budgets;
  throw new InvalidArgumentError('Give three whole numbers from 1 up, such as 80,40,200.');
}
