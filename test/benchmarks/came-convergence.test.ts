import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliOptions, type CliResult, runCli } from './run-cli.ts';
import { assertWellFormed } from './well-formed.ts';

// Whole runs in processes of their own: seconds each, more on a busy machine.
const patience = 240_000;

let folder: string;
let whole: string;
let first: CliResult;

const smoke = ['run', 'came-convergence', '--preset', 'smoke'];
const run = (out: string, more: readonly string[] = [], options: CliOptions = {}) =>
  runCli([...smoke, '--out', out, ...more], options);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'came-convergence-'));
  whole = join(folder, 'whole');
  first = await run(whole, ['--json'], { env: { NODE_DEBUG: 'module,esm' } });
}, patience);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const read = (directory: string, name: string) => readFileSync(join(directory, name), 'utf8');

/** Everything that a run computed; how fast it went is left out. */
function computed(directory: string): Record<string, string> {
  const cells = readdirSync(join(directory, 'cells')).map((name) => {
    const text = read(directory, `cells/${name}`);
    return [name, text.replace(/"(stepsPerSecond|seconds|pid|started)": .*/g, '')];
  });
  return {
    ...Object.fromEntries(cells),
    'metrics.csv': read(directory, 'metrics.csv'),
    'loss.svg': read(directory, 'loss.svg'),
  };
}

describe('a run', () => {
  it('with --json prints summary.json and nothing else on stdout', () => {
    expect(first.code).toBe(0);
    expect(first.stdout).toBe(read(whole, 'summary.json'));
    expect(JSON.parse(first.stdout)).toMatchObject({
      experiment: 'came-convergence',
      preset: 'smoke',
      backend: expect.stringMatching(/^(tensorflow|wasm|js)$/),
      claim: expect.stringContaining('CAME converges as AdamW'),
      verdict: 'not tested',
      metrics: {
        stateShare: expect.any(Number),
        difference: expect.any(Number),
        'came.loss': expect.any(Number),
      },
      seeds: [0, 1],
    });
  });

  it('loads TensorFlow.js in the processes of the cells only', () => {
    expect(first.stderr).toContain('vega-lite/build/');
    expect(first.stderr).not.toMatch(/@tensorflow\/[\w-]+\/\S*\.(js|node)\b/);
  });

  it('keeps metrics flat and finite', () => {
    const { metrics } = JSON.parse(first.stdout);
    for (const [key, value] of Object.entries(metrics)) expect(value, key).toSatisfy(Number.isFinite);
    expect(metrics.difference).toBeCloseTo(metrics['came.loss'] - metrics['adamw.loss'], 12);
    expect(metrics.stateShare).toBeCloseTo(metrics['came.stateBytes'] / metrics['adamw.stateBytes'], 12);
    // AdamW: two moments of four bytes for each parameter.
    expect(metrics['adamw.stateBytes']).toBe(8 * metrics.parameters);
  });

  it('leaves exactly what it says, and no lock, checkpoint or temporary file', () => {
    expect(readdirSync(whole).sort()).toEqual([
      'cells',
      'config.json',
      'environment.json',
      'learning-rates.svg',
      'loss.svg',
      'metrics.csv',
      'outcome.json',
      'report.html',
      'summary.json',
    ]);
    // Two contestants, each at two rates on one tuning seed and at one rate on two seeds.
    expect(readdirSync(join(whole, 'cells'))).toHaveLength(8);
  });

  it('records settings and environment', () => {
    expect(JSON.parse(read(whole, 'config.json'))).toMatchObject({
      experiment: 'came-convergence',
      preset: 'smoke',
      seeds: [0, 1],
      threads: 1,
      data: null,
      config: { steps: 20, came: { beta3: 0.995 } },
    });
    expect(JSON.parse(read(whole, 'environment.json'))).toMatchObject({
      node: process.version,
      versions: { '@tensorflow/tfjs': '4.22.0' },
      backend: { name: expect.any(String), version: expect.any(String), threads: 1 },
      cores: expect.any(Number),
      load: expect.any(Number),
      command: [...smoke, '--out', whole, '--json'],
    });
  });

  it('writes one row of metrics.csv for each measurement', () => {
    const lines = read(whole, 'metrics.csv').trimEnd().split('\n');
    expect(lines[0]).toBe('cell,stage,contestant,learningRate,seed,step,loss,validation');
    expect(lines).toHaveLength(1 + 8 * 4);
    const losses = lines.slice(1).map((line) => Number(line.split(',')[7]));
    expect(losses.every((loss) => loss > 0 && loss < 10)).toBe(true);
  });

  it('starts both contestants of a seed from the same weights with the same batches', () => {
    // Before the first update the model is the same, so the first batch has the same loss; later they part.
    const curves = ['adamw', 'came'].map((name) => {
      const file = readdirSync(join(whole, 'cells')).find(
        (entry) => entry.startsWith(name) && entry.endsWith('seed0.json'),
      );
      return JSON.parse(read(whole, `cells/${file}`)).result.curve;
    });
    expect(curves[0][0].loss).toBeCloseTo(curves[1][0].loss, 0);
    expect(curves[0][3].loss).not.toBe(curves[1][3].loss);
  });

  it('draws SVGs that are well formed and hold both curves', () => {
    for (const name of ['loss.svg', 'learning-rates.svg']) {
      const svg = read(whole, name);
      assertWellFormed(svg);
      expect(svg).toMatch(/^<svg [^>]*viewBox=/);
      expect(svg).toContain('AdamW');
      expect(svg).toContain('CAME');
    }
  });

  it('writes a report that needs nothing from outside', () => {
    const html = read(whole, 'report.html');
    expect(html).toContain("default-src 'none'");
    const markup = html.replace(/<script\b[^>]*>[\s\S]*?<\/script>/g, '');
    expect(markup).not.toMatch(/https?:|@import|url\(/);
    expect([...html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag)).toEqual([
      '<script>',
      '<script>',
      '<script type="application/json" id="themes">',
      '<script type="application/json" id="charts">',
      '<script>',
    ]);
    expect([...markup.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link)).toEqual(['data:,']);
    expect(markup).toContain('Validation loss against steps');
    expect(markup).toContain('The numbers behind it');
  });
});

describe('a directory in use', () => {
  it(
    'is refused to a second process, which harms nothing',
    async () => {
      const out = join(folder, 'shared');
      let second: Promise<CliResult> | undefined;
      const one = await run(out, [], {
        onStderr: (text) => {
          if (text.includes('Text:')) second ??= run(out, ['--resume']);
        },
      });
      expect(one.code).toBe(0);
      const refused = (await second) as CliResult;
      // The second may come so late that the first has ended; then it repeats the result.
      if (refused.code !== 0) {
        expect(refused.stderr).toMatch(/is in use by process/);
        expect(refused.code).toBe(2);
      }
      expect(computed(out)).toEqual(computed(whole));
    },
    patience,
  );
});

describe('--resume', () => {
  it(
    'of a finished run repeats the result',
    async () => {
      const again = await run(whole, ['--resume', '--json']);
      expect(again.code).toBe(0);
      expect(JSON.parse(again.stdout).metrics).toEqual(JSON.parse(first.stdout).metrics);
    },
    patience,
  );

  it(
    'after Ctrl-C gives the same bits as a run that was never stopped',
    async () => {
      const out = join(folder, 'interrupted');
      const stopped = await run(out, [], { onStderr: whenCheckpointed(out, 'SIGINT') });
      expect(stopped).toMatchObject({ code: 130, stdout: '' });
      expect(stopped.stderr).toContain(
        `Interrupted: continue with\n  npm run -s cli -- run came-convergence --out ${out} --resume`,
      );
      expect(stopped.stderr).not.toMatch(/\n\s+at /);
      expect(existsSync(join(out, 'lock'))).toBe(false);
      expect(existsSync(join(out, 'summary.json'))).toBe(false);
      const resumed = await runCli(['run', 'came-convergence', '--out', out, '--resume']);
      expect(resumed.code).toBe(0);
      expect(computed(out)).toEqual(computed(whole));
      expect(readdirSync(out)).toEqual(readdirSync(whole));
    },
    patience,
  );

  it(
    'after SIGKILL, again and again, gives the same bits',
    async () => {
      const out = join(folder, 'killed');
      let result = await run(out, [], { onStderr: whenCheckpointed(out, 'SIGKILL') });
      expect(result.signal).toBe('SIGKILL');
      let deaths = 1;
      // Each part dies a little later than the one before, wherever that is.
      for (; deaths < 4; deaths++) {
        result = await run(out, ['--resume'], { onStderr: killAfter(300 * deaths) });
        if (result.signal === null) break;
      }
      if (result.signal !== null) result = await run(out, ['--resume']);
      expect(result.code).toBe(0);
      expect(computed(out)).toEqual(computed(whole));
      expect(readdirSync(out)).toEqual(readdirSync(whole));
    },
    patience,
  );

  it(
    'refuses settings that are not those of the run',
    async () => {
      const refusals = await Promise.all([
        run(whole, ['--resume', '--set', 'steps=21']),
        run(whole, ['--resume', '--seeds', '3']),
        run(whole, ['--resume', '--preset', 'laptop']),
        run(whole, ['--resume', '--data', join(whole, 'metrics.csv')]),
      ]);
      expect(refusals.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
      expect(refusals.map(({ stderr }) => stderr)).toEqual([
        expect.stringContaining('--resume: --set steps was 20 when the run was begun and is 21 now'),
        expect.stringContaining('--resume: --seeds was [0,1] when the run was begun and is [0,1,2] now'),
        expect.stringContaining('--resume: --preset was "smoke" when the run was begun and is "laptop" now'),
        expect.stringContaining('the run was begun without --data'),
      ]);
    },
    patience,
  );

  it(
    'names a damaged cell',
    async () => {
      const out = join(folder, 'damaged');
      cpSync(whole, out, { recursive: true });
      const [cell = ''] = readdirSync(join(out, 'cells'));
      writeFileSync(join(out, 'cells', cell), '{"cell": ');
      const refused = await run(out, ['--resume']);
      expect(refused.stderr).toContain(`${cell} is damaged`);
      expect(refused.code).toBe(2);
      rmSync(join(out, 'cells', cell));
      expect((await run(out, ['--resume'])).code).toBe(0);
      expect(computed(out)).toEqual(computed(whole));
    },
    patience,
  );
});

describe('exit codes', () => {
  const tiny = ['--set', 'width=16', '--set', 'context=16', '--set', 'steps=4', '--set', 'evaluations=1'];
  const few = ['--set', 'layers=1', '--set', 'storyCharacters=5000', '--set', 'validationWindows=4'];

  it(
    '1 when the claim is not met',
    async () => {
      const out = join(folder, 'not-met');
      const rates = ['--set', 'adamw.learningRates=1e-3', '--set', 'came.learningRates=1e-4'];
      const { code, stdout } = await runCli([
        'run',
        'came-convergence',
        '--out',
        out,
        '--seeds',
        '2',
        ...tiny,
        ...few,
        ...rates,
        '--set',
        'contestants=adamw,came',
        '--set',
        'extraTrials=0',
        '--set',
        'stateLimit=0.1',
      ]);
      expect(code).toBe(1);
      expect(stdout).toMatch(/Verdict: not met\. .* of AdamW's state \(limit 0\.1\)/);
    },
    patience,
  );

  it(
    '2 when nothing converges, naming step and quantity',
    async () => {
      const rates = ['--set', 'adamw.learningRates=1e38,3e38', '--set', 'warmupShare=0'];
      const { code, stderr } = await run(join(folder, 'diverged'), rates);
      expect(stderr).toMatch(
        /Every learning rate of one contestant diverged.* stopped at step \d+: the (loss|gradient norm) is/s,
      );
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(code).toBe(2);
    },
    patience,
  );
});

describe('--data', () => {
  it(
    'trains on the text, by characters, and says so',
    async () => {
      const file = join(folder, 'text.txt');
      writeFileSync(file, 'Wär’ ich ein Vöglein, flög’ ich zu dir. '.repeat(50));
      const out = join(folder, 'data');
      const { code, stderr } = await run(out, ['--data', file]);
      expect(code).toBe(0);
      expect(stderr).toContain('vocabulary 20.');
      expect(JSON.parse(read(out, 'config.json')).data).toMatchObject({
        path: file,
        sha256: expect.any(String),
      });
    },
    patience,
  );
});

/** Sends the signal as soon as a cell is under way and has a checkpoint. */
function whenCheckpointed(out: string, signal: NodeJS.Signals): NonNullable<CliOptions['onStderr']> {
  let polling = false;
  return (_text, child) => {
    if (polling) return;
    polling = true;
    const timer = setInterval(() => {
      if (child.exitCode !== null || child.signalCode !== null) return clearInterval(timer);
      const folder = join(out, 'checkpoints');
      const cells = existsSync(folder) ? readdirSync(folder) : [];
      if (!cells.some((cell) => existsSync(join(folder, cell)) && readdirSync(join(folder, cell)).length > 1))
        return;
      clearInterval(timer);
      child.kill(signal);
      // npm passes on the Ctrl-C that the terminal has sent already: twice at once is still the first.
      if (signal === 'SIGINT') setTimeout(() => child.kill(signal), 20);
    }, 1);
  };
}

/** Kills so long after the run has said what it trains on. */
function killAfter(milliseconds: number): NonNullable<CliOptions['onStderr']> {
  let waiting = false;
  return (text, child) => {
    if (waiting || !text.includes('Text:')) return;
    waiting = true;
    setTimeout(() => child.kill('SIGKILL'), milliseconds);
  };
}
