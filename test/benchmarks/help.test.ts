import { describe, expect, it } from 'vitest';
import { help } from './help-of.ts';
import { runCli } from './run-cli.ts';

const commands = [
  'run',
  'ls',
  'report',
  'verify',
  'compare',
  'worker',
  'pretrain',
  'search',
  'distill',
  'env',
  'setup',
  'data',
  'data ls',
  'data download',
  'clean',
];

describe('--help', () => {
  it('of the program', async () => {
    expect(await help()).toMatchInlineSnapshot(`
      "Usage: tfjs-methods [options] [command]

      Runs the experiments of tfjs-methods: CAME, CDAPE and EfficientBERT on
      TensorFlow.js.

      Options:
        -h, --help                     show this help

      Experiments:
        run [options] [experiment...]  run experiments
        ls [options]                   list the experiments: claims, durations, last
                                       results

      Results:
        report [options] [run...]      make a report of finished runs: HTML, Markdown,
                                       CSV or JSON
        verify [options] <run...>      hold runs against their claims and the
                                       committed reports
        compare [options] <a> <b>      compare two runs of an experiment

      Several machines:
        worker [options]               compute cells that \`run --queue\` submits

      Models:
        pretrain [options]             teach a student, or the supernet of all, a
                                       teacher’s inner states on texts
        search [options]               search a student’s feed-forward networks,
                                       coarse to fine
        distill [options]              teach a student a teacher’s task, and save it
                                       for \`predict\`
        predict [options] <folder>     answer texts with a saved model: one line in,
                                       one JSON out

      This machine:
        env [options]                  show backends, versions and native kernels,
                                       with a speed check
        setup                          make the fast CPU backend work: TensorFlow and
                                       our native kernels
        data                           list and download public data sets
        clean [options]                list what is kept on the disk, and delete what
                                       you name

      Exit codes:
        0    done; the claim is met, or was not tested
        1    done; a claim is not met
        2    wrong usage
        3    a backend or a data file is missing, or the disk is full
        70   a mistake of ours
        130  interrupted; continue with --resume

      Examples:
        npm run -s cli -- ls
        npm run -s cli -- run came-convergence --preset smoke
        npm run -s cli -- env
      "
    `);
  });

  it('of run', async () => {
    expect(await help('run')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods run [options] [experiment...]

      Runs experiments and holds each against its claim.

      Arguments:
        experiment           names, as \`ls\` shows them, or patterns such as came-*
                             (default: the headline of each method)

      What to run:
        --preset <name>      smoke, laptop, paper: seconds, minutes, or faithful
                             (default: laptop)
        --backend <name>     auto, cpu, gpu, tensorflow, wasm, webgpu, js (default: by
                             experiment)
        --seeds <n>          number of seeds, or a list 0,4,7, or a range 3..5
                             (default: by preset)
        --data <file>        your own UTF-8 text to train on (default: generated
                             stories)
        --set <key=value>    change one setting, also written --<key> <value>;
                             --print-config shows them; repeat for more (default: by
                             preset)
        --sweep <key=v1,v2>  a run for each value of one setting, and a table of them
                             (default: none)
        --peers <python>     also measure PyTorch and JAX in this Python (default:
                             none)

      How it runs:
        --jobs <n>           cells at once, where they are not timed (default: one for
                             each core)
        --queue <url>        Redis server; its workers compute the cells (default:
                             none)
        --max-minutes <m>    stop cleanly after so many minutes; go on with --resume
                             (default: no limit)
        --dry-run            show the cells and the estimated time, and stop (default:
                             false)
        --print-config       print the resolved settings as JSON, and stop (default:
                             false)

      Where it goes:
        --out <dir>          run directory (default: runs/<experiment>-<time>)
        --resume             continue the run in --out where it stopped (default:
                             false)
        --overwrite          replace the run in --out (default: false)

      What it shows:
        --watch              serve the growing report to this machine (default: false)
        --tensorboard        also write curves as TensorBoard event files (default:
                             false)
        --json               print summary.json and nothing else on stdout (default:
                             false)
        --quiet              no progress (default: false)

      Options:
        -h, --help           show this help

      Examples:
        npm run -s cli -- run came-convergence
        npm run -s cli -- run 'came-*' --preset smoke --dry-run
        npm run -s cli -- run came-convergence --data novel.txt --set steps=1000 --out runs/novel
        npm run -s cli -- run came-convergence --out runs/novel --resume
      "
    `);
  });

  it('of ls', async () => {
    expect(await help('ls')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods ls [options]

      Lists the experiments with their claims, how long each preset takes, and what
      the latest finished run found.

      Where from:
        --dir <dir>  folder of the run directories (default: runs)

      What it prints:
        --json       print JSON and nothing else on stdout (default: false)

      Options:
        -h, --help   show this help

      Examples:
        npm run -s cli -- ls
        npm run -s cli -- ls --dir elsewhere
        npm run -s cli -- ls --json
      "
    `);
  });

  it('of worker', async () => {
    expect(await help('worker')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods worker [options]

      Takes cells from the queue, computes them, and returns the results: the same
      bits as a local run.

      What to compute:
        --queue <url>     Redis server: redis://[:password@]host[:port][/database],
                          rediss:// for TLS; password also from REDISCLI_AUTH

      How:
        --jobs <n>        cells at once (default: one for each core, 1 on a GPU)
        --backend <name>  auto, cpu, gpu, tensorflow, wasm, webgpu, js (default: cpu)

      Options:
        -h, --help        show this help

      It takes only cells of the same version and commit of this package and of its own backend. Ctrl-C lets the cells in
      flight save and gives them back; once more ends at once, and others go on from the last checkpoints.

      Examples:
        npm run -s cli -- worker --queue redis://192.168.1.5:6379
        npm run -s cli -- worker --queue redis://localhost --jobs 2 --backend wasm
        REDISCLI_AUTH=secret npm run -s cli -- worker --queue rediss://queue.example.org
      "
    `);
  });

  it('of env', async () => {
    expect(await help('env')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods env [options]

      Shows which backends load here, versions, native kernels in use, and a
      one-second speed check.

      What to use:
        --backend <name>  auto, cpu, gpu, tensorflow, wasm, webgpu, js (default: auto)

      What it prints:
        --json            print JSON and nothing else on stdout (default: false)

      Options:
        -h, --help        show this help

      Examples:
        npm run -s cli -- env
        npm run -s cli -- env --backend wasm
        npm run -s cli -- env --json
      "
    `);
  });

  it('of setup', async () => {
    expect(await help('setup')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods setup [options]

      Makes the tensorflow backend work: fetches TensorFlow into your cache and
      compiles the addons. Quick when done before.

      Options:
        -h, --help  show this help

      Examples:
        npm run -s cli -- setup
        TFJS_METHODS_CACHE=/big/disk npm run -s cli -- setup
        CXX=clang++ npm run -s cli -- setup
      "
    `);
  });

  it.each(commands)(
    'of %s has three examples, and says what is taken where an option is absent',
    async (command) => {
      const text = await help(...command.split(' '));
      const examples = text.split('Examples:\n')[1]?.trim().split('\n') ?? [];
      expect(examples.length).toBeGreaterThanOrEqual(3);
      for (const example of examples) expect(example).toContain(`npm run -s cli -- ${command.split(' ')[0]}`);
      const options = text.split(/\n(?= {2}\S|\n)/).filter((entry) => /^\s*--/.test(entry));
      expect(options.length > 0).toBe(!['setup', 'data'].includes(command));
      for (const option of options) {
        if (option.includes('--queue') && command === 'worker') continue; // it must be given
        expect(option).toMatch(/default:/);
      }
    },
  );

  it('loads nothing heavy', async () => {
    const { code, stderr } = await runCli(['--help'], {
      env: { NODE_DEBUG: 'module,esm', NODE_OPTIONS: '--trace-warnings' },
    });
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/@tensorflow|vega/);
  });
});
