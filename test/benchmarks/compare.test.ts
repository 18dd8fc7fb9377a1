import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompareOptions, compareCommand } from '../../benchmarks/commands/compare.ts';
import { writeRun } from '../experiment/report/stored-fixture.ts';
import { captureStdout } from './stdout.ts';

describe('compare', () => {
  let folder: string;
  let a: string;
  let b: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'compare-'));
    const loss = (_: string, seed: number) => seed;
    a = writeRun(join(folder, 'a'), { seeds: [0, 1, 2, 3], loss });
    // Seeds 1, 2, 3 are in both; their differences for came are 1, 2 and 3, and none for adamw.
    b = writeRun(join(folder, 'b'), {
      seeds: [1, 2, 3, 4],
      loss: (contestant, seed) => loss(contestant, seed) + (contestant === 'came' ? seed : 0),
      metrics: {
        'came.loss': 1.5,
        'came.loss.low': 1.5 - Math.sqrt(0.03),
        'came.loss.high': 1.5 + Math.sqrt(0.03),
        'came.ms': 30,
      },
      config: { steps: 200 },
      environment: { node: 'v24.0.0' },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const compare = async (one: string, two: string, options: CompareOptions = {}) =>
    (await captureStdout(() => compareCommand(one, two, options))).text;

  it('gives each metric, its difference with the interval of both, and the ratio of times', async () => {
    const text = await compare(a, b);
    // Half-widths 0.1 and √0.03 add in squares: √(0.01 + 0.03) = 0.2.
    expect(text).toMatch(/came\.loss +1 ± 0\.1 +1\.5 ± 0\.17321 +\+0\.5 ± 0\.2 +–/);
    expect(text).toMatch(/came\.ms +20 +30 +\+10 +1\.500/);
    expect(text).toMatch(/parameters +10 +10 +0 +–/);
  });

  it('pairs cells by seed', async () => {
    const text = await compare(a, b);
    expect(text).toContain(
      'Cells: 6 in both, 3 of them with the same result bit for bit, timings aside; 2 only in A, 2 only in B',
    );
    // Differences 1, 2, 3: mean 2, s 1, t(0.975; 2) = 4.30265, so ± 4.30265 / √3 = 2.4841;
    // t = 2√3, p = 0.0742, and 0.148 by Holm for two lines.
    expect(text).toMatch(/contestant came +curve, last\.validation +2 +4 +\+2 ± 2\.4841 +– +3 +0\.15/);
    expect(text).not.toContain('contestant adamw');
  });

  it('says what differs in settings and in environment', async () => {
    const text = await compare(a, b);
    expect(text).toMatch(/Settings: 2 differ\n.*\nseeds +0, 1, 2, 3 +1, 2, 3, 4\nsteps +100 +200/);
    expect(text).toMatch(/Environment: 1 differ\n.*\nnode +v20\.0\.0 +v24\.0\.0/);
  });

  it('finds nothing between a run and itself', async () => {
    const text = await compare(a, a);
    expect(text).toContain('Settings: the same');
    expect(text).toContain('Environment: the same');
    expect(text).toContain('8 in both, 8 of them with the same result');
    // No heads of empty tables.
    expect(text).not.toMatch(/^cells +number/m);
    expect(text).toMatch(/Settings: the same\n\nEnvironment: the same\n$/);
  });

  it('prints Markdown and JSON', async () => {
    expect(await compare(a, b, { markdown: true })).toContain('| came.ms | 20 | 30 | +10 | 1.500 |');
    const { tables } = JSON.parse(await compare(a, b, { json: true })) as { tables: { rows: object[] }[] };
    expect(tables[0]?.rows).toContainEqual({
      metric: 'came.ms',
      A: '20',
      B: '30',
      'B − A': '+10',
      'B / A': '1.500',
    });
  });

  it('takes an experiment for its committed report, and refuses two experiments', async () => {
    writeRun(join(folder, 'reports', 'came-convergence'));
    expect(await compare('came-convergence', a, { reports: join(folder, 'reports') })).toContain(
      'A: came-convergence',
    );
    await expect(compare('came-convergence', 'training-step')).rejects.toThrow(
      'they have nothing to compare',
    );
    await expect(compare(a, join(folder, 'nowhere'))).rejects.toMatchObject({ exitCode: 3 });
  });
});
