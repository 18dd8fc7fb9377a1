import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { runCli } from '../run-cli.ts';
import { assertWellFormed } from '../well-formed.ts';

// Whole runs in processes of their own: seconds each, more on a busy machine.
const patience = 240_000;
const folder = temporaryFolders();

const runs: [name: string, more: string[], metrics: string[], charts: string[]][] = [
  [
    'came-convergence',
    ['--set', 'model=bert', '--set', 'contestants=adamw,came,schedule-free-adamw', '--set', 'extraTrials=1'],
    ['difference', 'schedule-free-adamw.difference', 'came.trials', 'stateShare'],
    ['loss', 'learning-rates'],
  ],
  [
    'came-time-to-target',
    [],
    ['lm.came.loss', 'bert.adamw.loss', 'bert.came.stateBytes'],
    ['profiles', 'loss-lm', 'learning-rates-bert'],
  ],
  [
    'came-large-batch',
    [],
    ['batch4.difference', 'batch8.difference', 'batch8.came.learningRate'],
    ['batch-sizes', 'loss-batch8', 'learning-rates-batch4'],
  ],
  [
    'came-confidence-ablation',
    [],
    ['difference', 'confidence-off.loss', 'beta3-0.9999.difference'],
    ['loss', 'learning-rates'],
  ],
];

describe('smoke runs', () => {
  it.each(runs)(
    '%s %j',
    async (name, more, metrics, charts) => {
      const out = join(folder(), 'run');
      const smoke = ['run', name, '--preset', 'smoke', '--json', '--quiet', '--out', out];
      const { code, stdout, stderr } = await runCli([...smoke, ...more]);
      expect(stderr).not.toMatch(/Internal error|NaN/);
      expect(code).toBe(0);
      const summary = JSON.parse(stdout);
      expect(summary.verdict).toBe('not tested');
      for (const metric of metrics) expect(summary.metrics[metric], metric).toSatisfy(Number.isFinite);
      for (const [key, value] of Object.entries(summary.metrics))
        expect(value, key).toSatisfy(Number.isFinite);
      for (const chart of charts) assertWellFormed(readFileSync(join(out, `${chart}.svg`), 'utf8'));
      expect(existsSync(join(out, 'report.html'))).toBe(true);
      const [header = '', ...rows] = readFileSync(join(out, 'metrics.csv'), 'utf8').trimEnd().split('\n');
      expect(header).toContain('learningRate,seed,step,loss,validation');
      expect(rows.length).toBeGreaterThan(20);
    },
    patience,
  );
});
