import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { curveChart } from '../../../src/experiment/chart.ts';

interface Changes {
  readonly metrics?: Readonly<Record<string, number>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly summary?: Readonly<Record<string, unknown>>;
  readonly seeds?: readonly number[];
  /** Final loss of a cell; default 1 + seed / 10, and 0.5 less for came. */
  readonly loss?: (contestant: string, seed: number) => number;
}

const metrics = {
  parameters: 10,
  'came.loss': 1,
  'came.loss.low': 0.9,
  'came.loss.high': 1.1,
  'came.ms': 20,
  'came.stepsPerSecond': 50,
  'came.madMs': 3,
  stateShare: 0.5,
};

/** Writes what a finished run of came-convergence leaves, with made-up numbers. */
export function writeRun(directory: string, changes: Changes = {}): string {
  const { seeds = [0, 1, 2] } = changes;
  const contestants = ['adamw', 'came'];
  const loss = changes.loss ?? ((contestant, seed) => 1 + seed / 10 - (contestant === 'came' ? 0.5 : 0));
  mkdirSync(join(directory, 'cells'), { recursive: true });
  const put = (name: string, value: unknown) =>
    writeFileSync(join(directory, name), JSON.stringify(value, null, 2));
  put('config.json', {
    experiment: 'came-convergence',
    preset: 'laptop',
    seeds,
    data: { path: '/home/somebody/novel.txt', sha256: 'abc' },
    peers: null,
    backend: 'tensorflow',
    config: { steps: 100, adamw: { learningRates: [0.1, 0.2] }, ...changes.config },
  });
  put('environment.json', {
    started: '2026-01-02T03:04:05.000Z',
    commit: 'c0ffee',
    dirty: true,
    versions: { '@tensorflow/tfjs': '4.22.0' },
    node: 'v20.0.0',
    backend: { name: 'tensorflow', version: '2.21.0', threads: 2, nativeKernels: true, reason: 'asked for' },
    cpu: 'A processor',
    cores: 2,
    load: 0.1,
    command: ['run', 'came-convergence', '--data', '/home/somebody/novel.txt', '--set', "x=it's"],
    ...changes.environment,
  });
  for (const contestant of contestants) {
    for (const seed of seeds) {
      const final = loss(contestant, seed);
      const curve = [
        { step: 50, loss: final + 1, validation: final + 0.5 },
        { step: 100, loss: final + 0.1, validation: final },
      ];
      writeCell(directory, { id: `${contestant}-seed${seed}`, contestant, seed }, { curve, parameters: 10 });
    }
  }
  const all = { ...metrics, ...changes.metrics };
  put('outcome.json', {
    verdict: 'met',
    reason: 'Near enough.',
    metrics: all,
    tables: [
      {
        title: 'Losses & <times>',
        columns: [{ title: 'optimizer' }, { title: 'loss', digits: 2 }, { title: '' }],
        rows: [
          ['AdamW', { mean: 1.1, low: 1, high: 1.2, n: 3 }, 'a'],
          ['CAME', { mean: 0.6, low: null, high: null, n: 1 }, null],
        ],
        note: 'Nats.',
      },
    ],
    charts: [lossChart()],
    warnings: ['the machine was busy.'],
  });
  put('summary.json', {
    experiment: 'came-convergence',
    preset: 'laptop',
    backend: 'tensorflow',
    claim: 'CAME is as good.',
    verdict: 'met',
    reason: 'Near enough.',
    metrics: all,
    seeds,
    warnings: ['the machine was busy.'],
    started: '2026-01-02T03:04:05.000Z',
    seconds: 12.5,
    commit: 'c0ffee',
    directory: '/home/somebody/runs/x',
    ...changes.summary,
  });
  return directory;
}

export function writeCell(
  directory: string,
  cell: { readonly id: string; readonly [setting: string]: unknown },
  result: unknown,
): void {
  const process = { host: 'box-17.example.org', pid: 4711, backend: 'tensorflow', started: '2026-01-02' };
  const text = JSON.stringify({ cell, result, seconds: 1.5, process });
  writeFileSync(join(directory, 'cells', `${cell.id}.json`), text);
}

/** Three contestants over many steps, with bands: its table is long enough to be made by the browser. */
export function lossChart() {
  const points = ['AdamW', 'CAME', 'SGD'].flatMap((contestant, shift) =>
    Array.from({ length: 100 }, (_, at) => {
      const mean = shift + 1 / (at + 1);
      return { contestant, x: at + 1, y: { mean, low: mean - 0.1, high: mean + 0.1, n: 3 } };
    }),
  );
  const about = { name: 'loss', title: 'Loss against steps', description: 'It falls.' };
  return curveChart(about, { x: 'step', y: 'loss' }, points);
}
