import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type GlueResult, glueCells } from '../../benchmarks/efficient-bert-glue/cells.ts';
import { check, type GlueConfig, presets } from '../../benchmarks/efficient-bert-glue/config.ts';
import { outcome } from '../../benchmarks/efficient-bert-glue/outcome.ts';
import { startCells } from '../../benchmarks/efficient-bert-glue/start-cells.ts';
import { buildEncoder } from '../../methods/efficient-bert/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { openTextPredictor } from '../../src/tasks/index.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const progress = { note() {}, warn() {}, expect() {}, advance() {}, finish() {} };

async function runCell(config: GlueConfig): Promise<GlueResult> {
  const backend = await useBackend('cpu');
  const signal = new AbortController().signal;
  const shared = { preset: 'smoke', seeds: [0], data: undefined, peers: undefined } as const;
  const runner = await startCells({ ...shared, config, backend, progress, signal });
  const [cell] = glueCells(config.task, [0]);
  try {
    return await runner.run(cell as ReturnType<typeof glueCells>[0], temporaryFolder());
  } finally {
    await runner.dispose();
  }
}

describe('one cell', () => {
  it('learns generated rows and saves a model that predicts', async () => {
    const saveTo = temporaryFolder();
    const result = await runCell({ ...presets.smoke, saveTo });
    expect(result.curve.map(({ step }) => step)).toEqual([22, 44, 64]);
    const accuracy = result.best?.metrics.accuracy as number;
    expect(accuracy).toBeGreaterThan(0.6);
    expect(result.predictions).toHaveLength(64);
    const folder = join(saveTo, 'sst-2-seed0');
    expect(result.saved).toBe(folder);
    const lines = readFileSync(join(folder, 'dev-predictions.tsv'), 'utf8').trimEnd().split('\n');
    expect(lines[0]).toBe('line\tlabel\tprediction');
    const agreeing = lines.slice(1).filter((line) => line.split('\t')[1] === line.split('\t')[2]);
    expect(agreeing.length / 64).toBe(accuracy);
    const predictor = await openTextPredictor(join(folder, 'model'), buildEncoder);
    expect(await predictor.predict('the film')).toHaveProperty('label');
    predictor.dispose();
  });

  it('trains with CAME on pairs and scores', async () => {
    const small = { ...presets.smoke, epochs: 1, evaluations: 1, optimizer: 'came' };
    const scores = await runCell({ ...small, task: 'sts-b' });
    expect(Object.keys(scores.best?.metrics ?? {})).toEqual(['pearson', 'spearman']);
    const pairs = await runCell({ ...small, task: 'mnli' });
    expect(new Set(pairs.predictions.map(({ label }) => label))).toEqual(new Set([0, 1, 2]));
  });
});

/** So many of ten texts right, six of which are of class 1. */
function judged(right: number, seconds = 60, change: Partial<GlueConfig> = {}) {
  const config = { ...presets.laptop, ...change };
  const predictions = Array.from({ length: 10 }, (_, line) => {
    const label = line < 6 ? 1 : 0;
    return { line, label, prediction: line < right ? label : 1 - label };
  });
  const result: GlueResult = {
    diverged: null,
    curve: [{ step: 10, training: 0.5, loss: 0.4, selection: right / 10 }],
    best: { step: 10, metrics: { accuracy: right / 10 }, selection: right / 10, loss: 0.4 },
    predictions,
    steps: 10,
    seconds,
    parameters: 100,
    trainingExamples: 10,
    skippedRows: 0,
    origin: 'drawn anew',
    saved: null,
  };
  const cells = glueCells(config.task, [0]);
  return outcome({ config, seeds: [0] }, new Map(cells.map(({ id }) => [id, result])));
}

describe('the verdict', () => {
  it('is by points above the majority class, and by minutes', () => {
    expect(judged(8).verdict).toBe('met');
    expect(judged(7).verdict).toBe('not met');
    expect(judged(8, 601).verdict).toBe('not met');
    expect(judged(8, 60, { dataDir: 'generated' }).verdict).toBe('not tested');
    expect(judged(8, 60, { task: 'rte' }).verdict).toBe('not tested');
  });

  it('comes with a confusion matrix and the numbers', () => {
    const { metrics, tables, charts, rows } = judged(8);
    expect(metrics).toMatchObject({ accuracy: 0.8, majority: 0.6, diverged: 0 });
    expect(metrics.pointsAboveMajority).toBeCloseTo(20, 10);
    expect(tables[1]?.rows).toEqual([
      ['0', 2, 2],
      ['1', 0, 6],
    ]);
    expect(charts.map(({ name }) => name)).toEqual(['learning-curve']);
    expect(rows).toHaveLength(1);
  });
});

it('refuses settings that cannot be', () => {
  for (const preset of Object.values(presets)) expect(() => check(preset)).not.toThrow();
  const refuse = (change: Partial<GlueConfig>) => expect(() => check({ ...presets.laptop, ...change }));
  refuse({ task: 'sst2' }).toThrow(/Did you mean sst-2/);
  refuse({ task: 'ax' }).toThrow(/no training set/);
  refuse({ model: 'efficient-brt' }).toThrow(/Did you mean efficient-bert/);
  refuse({ optimizer: 'cane' }).toThrow(/Did you mean came/);
  refuse({ dropout: 1 }).toThrow(/dropout/);
  refuse({ model: './folder' }).not.toThrow();
});
