import { describe, expect, it } from 'vitest';
import { help } from './help-of.ts';

describe('--help on distillation', () => {
  it('of pretrain', async () => {
    expect(await help('pretrain')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods pretrain [options]

      Distils attention and hidden states on plain text: a supernet to search in, or a
      student, to be distilled on a task.

      What is taught:
        --teacher <dir>      its folder, in Hugging Face’s layout or made here
                             (default: all-minilm-l6-v2, which is fetched)
        --text <file>        UTF-8 text to pre-train on, a document a line (default:
                             none; it must be given)
        --student <name>     tinybert-6, tinybert-4, efficient-bert-tinybert6,
                             efficient-bert, efficient-bert-plus,
                             efficient-bert-plus-plus,
                             efficient-bert-plus-plus-as-reported,
                             efficient-bert-tiny, small (default: efficient-bert-tiny)
        --supernet           the supernet that holds the student and all others
                             (default: the student alone)

      How long:
        --epochs <n>         passes over the text (default: 3)
        --learning-rate <r>  after the warm-up (default: 0.0005)
        --length <n>         tokens of a text; longer ones are cut (default: 128)
        --batch-size <n>     texts in a step (default: 32)

      How it runs:
        --seed <n>           of first weights, order and dropout (default: 0)
        --faithful           with the quirks of the authors’ code (default: mended)
        --backend <name>     auto, cpu, gpu, tensorflow, wasm, webgpu, js (default:
                             auto)

      Where it goes:
        --out <dir>          folder; the model is in its folder model (default:
                             distilled)
        --resume             continue the run in --out where it stopped (default:
                             false)

      What it shows:
        --quiet              no progress (default: false)

      Options:
        -h, --help           show this help

      Examples:
        npm run -s cli -- pretrain --teacher models/sst-2/model --text wiki.txt --supernet --out supernet
        npm run -s cli -- pretrain --text wiki.txt --student efficient-bert-tiny --epochs 3 --out tiny
        npm run -s cli -- pretrain --text wiki.txt --supernet --out supernet --resume
      "
    `);
  });

  it('of search', async () => {
    expect(await help('search')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods search [options]

      Searches in three stages, distils what is found and saves it. Every candidate is
      in a journal, checkpoints/stage-1/journal.csv and so on, as soon as it is
      scored.

      What is searched:
        --teacher <dir>         its folder, in Hugging Face’s layout or made here
                                (default: all-minilm-l6-v2, which is fetched)
        --task <name>           of GLUE, as \`data ls\` shows them (default: sst-2)
        --data-dir <dir>        with SST-2/train.tsv and so on (default: where \`data
                                download\` puts it)
        --student <name>        tinybert-6, tinybert-4, efficient-bert-tinybert6,
                                efficient-bert, efficient-bert-plus,
                                efficient-bert-plus-plus,
                                efficient-bert-plus-plus-as-reported,
                                efficient-bert-tiny, small: its shape, without its
                                networks (default: efficient-bert-tiny)
        --supernet <dir>        its folder, as \`pretrain --supernet\` leaves it, to
                                begin with its slices (default: none)
        --text <file>           UTF-8 text to pre-train on, a document a line
                                (default: the task’s own sentences)

      How long:
        --candidates <n,n,n>    of each stage (default: 80,40,200)
        --interval <n>          candidates between two fits of the action space
                                (default: 10)
        --candidate-epochs <n>  passes over the task for each candidate (default: 3)
        --epochs <n>            passes over the task for what is found (default: 10)
        --learning-rate <r>     after the warm-up (default: 0.0005)
        --text-epochs <n>       passes over the texts: of the supernet, the shared
                                weights, what is found (default: 1)
        --length <n>            tokens of a text; longer ones are cut (default: 128)
        --batch-size <n>        texts in a step (default: 32)

      How it runs:
        --seed <n>              of first weights, order and dropout (default: 0)
        --faithful              with the quirks of the authors’ code (default: mended)
        --backend <name>        auto, cpu, gpu, tensorflow, wasm, webgpu, js (default:
                                auto)

      Where it goes:
        --out <dir>             folder; the model is in its folder model (default:
                                distilled)
        --resume                continue the run in --out where it stopped (default:
                                false)

      What it shows:
        --quiet                 no progress (default: false)

      Options:
        -h, --help              show this help

      Examples:
        npm run -s cli -- search --teacher models/sst-2/model --task sst-2 --data-dir data/glue --out found
        npm run -s cli -- search --teacher ./bert --supernet supernet/model --candidates 40,20,100 --out found
        npm run -s cli -- search --teacher models/sst-2/model --student small --faithful --out found --resume
      "
    `);
  });

  it('of distill', async () => {
    expect(await help('distill')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods distill [options]

      Distils a task of GLUE: attention, hidden states and predictions. A teacher
      without a head for it is fine-tuned first.

      What is taught:
        --teacher <dir>      its folder, in Hugging Face’s layout or made here
                             (default: all-minilm-l6-v2, which is fetched)
        --task <name>        of GLUE, as \`data ls\` shows them (default: sst-2)
        --data-dir <dir>     with SST-2/train.tsv and so on (default: where \`data
                             download\` puts it)
        --student <name>     tinybert-6, tinybert-4, efficient-bert-tinybert6,
                             efficient-bert, efficient-bert-plus,
                             efficient-bert-plus-plus,
                             efficient-bert-plus-plus-as-reported,
                             efficient-bert-tiny, small, or a folder such as
                             ./found/model (default: efficient-bert-tiny)
        --supernet <dir>     its folder, as \`pretrain --supernet\` leaves it, to begin
                             with its slices (default: none)
        --text <file>        UTF-8 text to pre-train on, a document a line (default:
                             the task’s own sentences)

      How long:
        --epochs <n>         passes over the task (default: 10)
        --learning-rate <r>  after the warm-up (default: 0.0005)
        --text-epochs <n>    passes over the texts before the task; 0: none (default:
                             0)
        --length <n>         tokens of a text; longer ones are cut (default: 128)
        --batch-size <n>     texts in a step (default: 32)

      How it runs:
        --seed <n>           of first weights, order and dropout (default: 0)
        --faithful           with the quirks of the authors’ code (default: mended)
        --backend <name>     auto, cpu, gpu, tensorflow, wasm, webgpu, js (default:
                             auto)

      Where it goes:
        --out <dir>          folder; the model is in its folder model (default:
                             distilled)
        --resume             continue the run in --out where it stopped (default:
                             false)

      What it shows:
        --quiet              no progress (default: false)

      Options:
        -h, --help           show this help

      Examples:
        npm run -s cli -- distill --teacher models/sst-2/model --task sst-2 --data-dir data/glue --out tiny
        npm run -s cli -- distill --teacher ./bert --task mrpc --student ./found/model --epochs 10 --out mrpc
        npm run -s cli -- distill --teacher ./bert --supernet supernet/model --text wiki.txt --text-epochs 1 --out warm
      "
    `);
  });
});
