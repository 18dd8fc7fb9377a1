import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRun } from '../experiment/report/stored-fixture.ts';
import { runCli } from './run-cli.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
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
    // Nobody would learn the address.
    [['run', 'came-convergence', '--watch', '--quiet'], /'--watch' cannot be used with option '--quiet'/],
    [['run', 'came-convergence', '--sweep', 'steps'], /Give a setting and its values, such as steps=100,200/],
    [['run', 'came-convergence', '--sweep', 'steps=1,,2'], /Give a setting and its values/],
    [['run', 'came-convergence', '--sweep', 'steps=1, 1'], /Give each value once/],
    [['run', 'came-convergence', '--sweep', 'step=1,2'], /--set step: no such key\. Did you mean steps/],
    [['run', 'came-*', '--sweep', 'steps=1,2'], /--sweep takes one experiment, and these are \d: came-/],
    [
      ['run', 'came-convergence', '--sweep', 'steps=1,2', '--resume'],
      /name the directory of the sweep with --out/,
    ],
    [
      ['run', 'training-step', 'came-convergence', '--set', 'steps=1'],
      /training-step: --set steps: no such key/,
    ],
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
    const out = join(folder, 'earlier');
    mkdirSync(out);
    writeFileSync(join(out, 'config.json'), '{"experiment": "e", "preset": "smoke", "config": {}}');
    const { code, stderr } = await runCli(['run', 'came-convergence', '--preset', 'smoke', '--out', out]);
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
    const { code, stdout, stderr } = await runCli(['ls', '--dir', join(folder, 'nowhere')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^came-convergence\s+CAME converges as AdamW/m);
    expect(stdout).toMatch(/smoke .* · laptop .* · paper /);
    expect(stdout).not.toContain('last:');
  });

  it('says what the latest finished run found, wherever it lies in the folder, and ignores what is no run', async () => {
    const runs = join(folder, 'kept');
    writeRun(join(runs, 'old'), { summary: { started: '2026-01-01T00:00:00Z', verdict: 'met' } });
    writeRun(join(runs, 'several', 'came-convergence'), {
      summary: { started: '2026-03-01T00:00:00Z', verdict: 'not met' },
    });
    rmSync(join(writeRun(join(runs, 'unfinished'), {}), 'summary.json'));
    mkdirSync(join(runs, 'damaged'));
    writeFileSync(join(runs, 'damaged', 'summary.json'), '{');
    writeFileSync(join(runs, 'a-file'), '');
    const latest = join(runs, 'several', 'came-convergence');
    const { stdout } = await runCli(['ls', '--dir', runs]);
    expect(stdout.match(/last: .*/g)).toEqual([
      `last: not met · laptop on tensorflow · 2026-03-01 · ${latest}`,
    ]);
    const listed = JSON.parse((await runCli(['ls', '--dir', runs, '--json'])).stdout);
    expect(listed).toContainEqual(
      expect.objectContaining({
        name: 'came-convergence',
        durations: expect.any(Object),
        last: expect.objectContaining({ verdict: 'not met', directory: latest }),
      }),
    );
    expect(listed).toContainEqual(expect.objectContaining({ name: 'training-step', last: null }));
  });
});

describe('env', () => {
  it('--json names backends, versions, native kernels and a speed, and nothing else is on stdout', async () => {
    const { code, stdout, stderr } = await runCli(['env', '--json', '--backend', 'cpu']);
    expect(code).toBe(0);
    // Of what TensorFlow prints when it is loaded nothing comes through.
    expect(stderr).toBe('');
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      node: process.version,
      versions: { '@tensorflow/tfjs': '4.22.0' },
      nativeKernels: { loaded: expect.any(Boolean) },
      cpu: expect.any(String),
    });
    expect(found.backends).toContainEqual(expect.objectContaining({ name: 'js', available: true }));
    expect(found.backends.map(({ name }: { name: string }) => name)).toEqual([
      'tensorflow',
      'tensorflow-gpu',
      'webgpu',
      'wasm',
      'js',
    ]);
    // Looked for by itself, not beside tfjs-node.
    const gpu = found.backends[1];
    if (!gpu.available) expect(gpu.reason).toMatch(/tfjs-node-gpu cannot be used: .*It needs CUDA 11\.2 and/);
    expect(found.matmulGflops).toBeGreaterThan(0.01);
  });
});
