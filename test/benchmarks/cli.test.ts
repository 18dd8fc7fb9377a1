import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('--help', () => {
  it('of the program', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: tfjs-methods [options] [command]

      Runs the experiments of tfjs-methods: CAME, CDAPE and EfficientBERT on
      TensorFlow.js.

      Options:
        -h, --help                     show this help

      Commands:
        run [options] [experiment...]  run experiments
        ls [options]                   list the experiments with their claims and
                                       durations
        env [options]                  show backends, versions and native kernels,
                                       with a speed check
        setup                          make the fast CPU backend work: TensorFlow and
                                       our native kernels
        worker [options]               compute cells that \`run --queue\` submits

      Exit codes:
        0    done; the claim is met, or was not tested
        1    done; a claim is not met
        2    wrong usage
        3    a backend or a data file is missing
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
    const { code, stdout, stderr } = await runCli(['run', '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: tfjs-methods run [options] [experiment...]

      Runs experiments and holds each against its claim.

      Arguments:
        experiment         names, as \`ls\` shows them, or patterns such as came-*
                           (default: the headline of each method)

      What to run:
        --preset <name>    smoke, laptop, paper: seconds, minutes, or faithful
                           (default: laptop)
        --backend <name>   auto, cpu, gpu, tensorflow, wasm, webgpu, js (default: by
                           experiment)
        --seeds <n>        number of seeds, or a list 0,4,7, or a range 3..5 (default:
                           by preset)
        --data <file>      your own UTF-8 text to train on (default: generated
                           stories)
        --set <key=value>  change one setting; repeat for more (default: by preset)
        --peers <python>   also measure PyTorch and JAX in this Python (default: none)

      How it runs:
        --jobs <n>         cells at once, where they are not timed (default: one for
                           each core)
        --queue <url>      Redis server; its workers compute the cells (default: none)
        --max-minutes <m>  stop cleanly after so many minutes; go on with --resume
                           (default: no limit)
        --dry-run          show the cells and the estimated time, and stop (default:
                           false)
        --print-config     print the resolved settings as JSON, and stop (default:
                           false)

      Where it goes:
        --out <dir>        run directory (default: runs/<experiment>-<time>)
        --resume           continue the run in --out where it stopped (default: false)
        --overwrite        replace the run in --out (default: false)

      What it prints:
        --json             print summary.json and nothing else on stdout (default:
                           false)
        --quiet            no progress (default: false)

      Options:
        -h, --help         show this help

      Examples:
        npm run -s cli -- run came-convergence
        npm run -s cli -- run 'came-*' --preset smoke --dry-run
        npm run -s cli -- run came-convergence --data novel.txt --set steps=1000 --out runs/novel
        npm run -s cli -- run came-convergence --out runs/novel --resume
      "
    `);
  });

  it('of the others', async () => {
    const helps = await Promise.all(['ls', 'env', 'setup'].map((name) => runCli([name, '--help'])));
    expect(helps.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(helps.map(({ stdout }) => stdout).join('-----\n')).toMatchInlineSnapshot(`
      "Usage: tfjs-methods ls [options]

      Lists the experiments with their claims and how long each preset takes.

      Options:
        --json      print JSON and nothing else on stdout
        -h, --help  show this help
      -----
      Usage: tfjs-methods env [options]

      Shows which backends load here, versions, native kernels in use, and a
      one-second speed check.

      Options:
        --backend <name>  auto, cpu, gpu, tensorflow, wasm, webgpu, js (default: auto)
        --json            print JSON and nothing else on stdout
        -h, --help        show this help
      -----
      Usage: tfjs-methods setup [options]

      Makes the tensorflow backend work: fetches TensorFlow into your cache and
      compiles the addons. Quick when done before.

      Options:
        -h, --help  show this help
      "
    `);
  });

  it('loads nothing heavy', async () => {
    const { code, stderr } = await runCli(['--help'], {
      env: { NODE_DEBUG: 'module,esm', NODE_OPTIONS: '--trace-warnings' },
    });
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/@tensorflow|vega/);
  });
});

describe('wrong usage ends with 2, says what was meant, and shows no stack trace', () => {
  it.each([
    [
      ['run', 'came-convergance'],
      /There is no experiment came-convergance\. Did you mean came-convergence\?/,
    ],
    [['rum', 'came-convergence'], /unknown command 'rum'\s+\(Did you mean run\?\)/],
    [
      ['run', 'came-convergence', '--presett', 'smoke'],
      /unknown option '--presett'\s+\(Did you mean --preset\?\)/,
    ],
    [
      ['run', 'came-convergence', '--preset', 'smok'],
      /No such preset\. Did you mean smoke\? Choose from: smoke, laptop, paper\./,
    ],
    [['run', 'came-convergence', '--backend', 'tensorflw'], /No such backend\. Did you mean tensorflow\?/],
    [['run', 'came-convergence', '--set', 'step=5'], /--set step: no such key\. Did you mean steps/],
    [['run', 'came-convergence', '--set', 'steps=many'], /steps is a number/],
    [['run', 'came-convergence', '--set', 'steps=0'], /steps must be a whole number above 0, and is 0/],
    [['run', 'came-convergence', '--set', 'heads=3'], /heads must be a divisor of the width/],
    [['run', 'came-convergence', '--set', 'came.learningRates=1e-3'], /equal numbers of trials/],
    [['run', 'came-convergence', '--seeds', '0'], /Give a number from 1 up/],
    [['run', 'came-convergence', '--seeds', '1,1'], /Give a number from 1 up/],
    [['run', 'came-convergence', '--seeds', 'x'], /Give a number from 1 up/],
    [['run', 'came-convergence', '--peers', 'python3'], /has no peers to run: leave out --peers/],
    [['run', 'came-convergence', '--resume'], /--resume: name the run directory with --out/],
    [
      ['run', 'came-convergence', '--out', 'x', '--resume', '--overwrite'],
      /'--overwrite' cannot be used with option '--resume'/,
    ],
    [['run', 'cam-*'], /There is no experiment that matches cam-\*\. Did you mean came-convergence/],
    [['run', 'came-*', 'x?z'], /There is no experiment that matches x\?z\. Experiments: came-convergence, /],
    [['run', 'came-convergence', '--jobs', '0'], /Give a whole number from 1 up/],
    [['run', 'came-convergence', '--jobs', '1.5'], /Give a whole number from 1 up/],
    [['run', 'came-convergence', '--max-minutes', '0'], /Give a number of minutes above 0/],
    [['run', 'came-convergence', '--max-minutes', '-1'], /Give a number of minutes above 0/],
    [['run', 'came-convergence', '--dry-run', '--print-config'], /cannot be used with option '--dry-run'/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('without a command shows the help', async () => {
    const { code, stderr } = await runCli([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: tfjs-methods');
  });
});

describe('bad data ends with 3 before anything is written', () => {
  const cases: [string, (file: string) => void, RegExp][] = [
    ['missing', () => {}, /there is no such file/],
    ['empty', (file) => writeFileSync(file, ''), /is empty/],
    ['a directory', (file) => mkdirSync(file), /is a directory/],
    [
      'too short',
      (file) => writeFileSync(file, 'abc'),
      /too short: a context of 16 needs at least 17 tokens/,
    ],
    [
      'not UTF-8',
      (file) => writeFileSync(file, Buffer.from([97, 10, 0xe4, 98])),
      /is not UTF-8: line 2, byte offset 2/,
    ],
  ];
  it.each(cases)('%s', async (name, make, message) => {
    const file = join(folder, name.replaceAll(' ', '-'));
    make(file);
    const out = join(folder, 'never');
    const { code, stdout, stderr } = await runCli([
      'run',
      'came-convergence',
      '--preset',
      'smoke',
      '--data',
      file,
      '--out',
      out,
    ]);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(readdirSync(folder)).not.toContain('never');
  });
});

describe('output that cannot be', () => {
  it('a directory that exists is refused', async () => {
    const { code, stderr } = await runCli(['run', 'came-convergence', '--preset', 'smoke', '--out', folder]);
    expect(stderr).toMatch(
      /exists\. Continue that run with --resume, replace it with --overwrite, or choose another --out/,
    );
    expect(code).toBe(2);
  });

  it('below a file is refused', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { code, stderr } = await runCli([
      'run',
      'came-convergence',
      '--preset',
      'smoke',
      '--out',
      join(file, 'x'),
    ]);
    expect(stderr).toMatch(/file is a file, not a directory/);
    expect(code).toBe(2);
  });
});

describe('ls', () => {
  it('names every experiment with its claim and durations', async () => {
    const { code, stdout, stderr } = await runCli(['ls']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^came-convergence\s+CAME converges as AdamW/m);
    expect(stdout).toMatch(/smoke .* · laptop .* · paper /);
  });

  it('--json prints JSON', async () => {
    const { stdout } = await runCli(['ls', '--json']);
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ name: 'came-convergence', durations: expect.any(Object) }),
    );
  });
});

describe('env', () => {
  it('--json names backends, versions, native kernels and a speed, and nothing else is on stdout', async () => {
    const { code, stdout } = await runCli(['env', '--json', '--backend', 'cpu']);
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      node: process.version,
      versions: { '@tensorflow/tfjs': '4.22.0' },
      nativeKernels: { loaded: expect.any(Boolean) },
      cpu: expect.any(String),
    });
    expect(found.backends).toContainEqual(expect.objectContaining({ name: 'js', available: true }));
    expect(found.matmulGflops).toBeGreaterThan(0.01);
  });
});
