import { type Command, Option } from 'commander';
import type { DistillOptions } from './distill.ts';
import {
  lengthOptions,
  numberOption,
  type OptionGroups,
  runOptions,
  studentOption,
  supernetOption,
  taskOptions,
  teacherOption,
  textEpochsOption,
  textOption,
} from './distill-options.ts';
import { examples } from './examples.ts';
import type { PretrainOptions } from './pretrain.ts';
import type { SearchOptions } from './search.ts';
import { searchOptions } from './search-options.ts';

interface Wiring {
  /** How this program is called, for the commands that its messages show. */
  readonly invocation: string;
}

/** Adds `pretrain`, `search` and `distill`. What is heavy is imported when one is called. */
export function addDistillCommands(program: Command, { invocation }: Wiring): void {
  // The program's arguments are the whole line: none of the options is its own.
  const wordsOf = (command: string) => ({ command, words: program.args, invocation });
  const pretrain = program
    .command('pretrain')
    .summary('teach a student, or the supernet of all, a teacher’s inner states on texts')
    .description(
      'Distils attention and hidden states on plain text: a supernet to search in, or a student, to be distilled on a task.',
    )
    .helpOption('-h, --help', 'show this help')
    .addHelpText(
      'after',
      examples(invocation, [
        'pretrain --teacher models/sst-2/model --text wiki.txt --supernet --out supernet',
        'pretrain --text wiki.txt --student efficient-bert-tiny --epochs 3 --out tiny',
        'pretrain --text wiki.txt --supernet --out supernet --resume',
      ]),
    );
  addOptions(pretrain, pretrainOptions());
  pretrain.action(async (options: PretrainOptions) => {
    const { pretrainCommand } = await import('./pretrain.ts');
    await pretrainCommand(options, wordsOf('pretrain'));
  });

  const search = program
    .command('search')
    .summary('search a student’s feed-forward networks, coarse to fine')
    .description(
      'Searches in three stages, distils what is found and saves it. Every candidate is in a journal, checkpoints/stage-1/journal.csv and so on, as soon as it is scored.',
    )
    .helpOption('-h, --help', 'show this help')
    .addHelpText(
      'after',
      examples(invocation, [
        'search --teacher models/sst-2/model --task sst-2 --data-dir data/glue --out found',
        'search --teacher ./bert --supernet supernet/model --candidates 40,20,100 --out found',
        'search --teacher models/sst-2/model --student small --faithful --out found --resume',
      ]),
    );
  addOptions(search, searchOptions());
  search.action(async (options: SearchOptions) => {
    const { searchCommand } = await import('./search.ts');
    await searchCommand(options, wordsOf('search'));
  });

  const distill = program
    .command('distill')
    .summary('teach a student a teacher’s task, and save it for `predict`')
    .description(
      'Distils a task of GLUE: attention, hidden states and predictions. A teacher without a head for it is fine-tuned first.',
    )
    .helpOption('-h, --help', 'show this help')
    .addHelpText(
      'after',
      examples(invocation, [
        'distill --teacher models/sst-2/model --task sst-2 --data-dir data/glue --out tiny',
        'distill --teacher ./bert --task mrpc --student ./found/model --epochs 10 --out mrpc',
        'distill --teacher ./bert --supernet supernet/model --text wiki.txt --text-epochs 1 --out warm',
      ]),
    );
  addOptions(distill, distillOptions());
  distill.action(async (options: DistillOptions) => {
    const { distillCommand } = await import('./distill.ts');
    await distillCommand(options, wordsOf('distill'));
  });
}

function pretrainOptions(): OptionGroups {
  return {
    'What is taught:': [
      teacherOption(),
      textOption('none; it must be given').makeOptionMandatory(),
      studentOption(),
      new Option(
        '--supernet',
        'the supernet that holds the student and all others (default: the student alone)',
      ),
    ],
    'How long:': [
      numberOption('--epochs <n>', 'passes over the text', 3),
      numberOption('--learning-rate <r>', 'after the warm-up', 5e-4),
      ...lengthOptions(),
    ],
    ...runOptions(),
  };
}

function distillOptions(): OptionGroups {
  return {
    'What is taught:': [
      teacherOption(),
      ...taskOptions(),
      studentOption(', or a folder such as ./found/model'),
      supernetOption(),
      textOption('the task’s own sentences'),
    ],
    'How long:': [
      numberOption('--epochs <n>', 'passes over the task', 10),
      numberOption('--learning-rate <r>', 'after the warm-up', 5e-4),
      textEpochsOption(0),
      ...lengthOptions(),
    ],
    ...runOptions(),
  };
}

function addOptions(command: Command, groups: OptionGroups): void {
  for (const [group, options] of Object.entries(groups)) {
    command.optionsGroup(group);
    for (const option of options) command.addOption(option);
  }
}
