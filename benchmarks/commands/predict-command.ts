import type { Command } from 'commander';
import type { BackendRequest } from '../../src/backends/backend.ts';
import { examples } from './examples.ts';
import { backendOption } from './option-values.ts';

interface Wiring {
  /** Called with the exit code. */
  done(exitCode: number): void;
  /** How this program is called, for the commands that its messages show. */
  readonly invocation: string;
}

/** Adds `predict`. What is heavy is imported when it is called. */
export function addPredictCommand(program: Command, { done, invocation }: Wiring): void {
  program
    .command('predict')
    .summary('answer texts with a saved model: one line in, one JSON out')
    .description(
      'Reads texts from stdin and answers each with one line of JSON on stdout, with a model saved in Hugging Face’s layout.',
    )
    .argument('<folder>', 'of the model: config.json, model.safetensors, vocab.txt or tokenizer.json')
    .helpOption('-h, --help', 'show this help')
    .optionsGroup('Where it runs:')
    .addOption(backendOption('auto'))
    .addHelpText(
      'after',
      `
A line is a text, two texts with a tab between them, or a JSON object: {"text": …, "pair": …} or {"question": …, "context": …}.
  classifier          {"label": "1", "probabilities": {"0": 0.02, "1": 0.98}}
  regression          {"score": 3.71}
  question answering  {"answer": "…", "score": 4.2, "nullScore": -1.3}; the answer is "" where the context holds none
A line that cannot be answered gives {"error": …}, and the exit code is then 1.
${examples(invocation, [
  'predict models/sst-2/model < reviews.txt',
  "predict ./my-model --backend wasm <<< 'a moving film'",
  'predict models/squad/model < questions.jsonl',
])}`,
    )
    .action(async (folder: string, options: { backend?: BackendRequest }) => {
      const { predictCommand } = await import('./predict.ts');
      done(await predictCommand(folder, options.backend ?? 'auto', process.stdin, process.stdout));
    });
}
