import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyCommand } from '../../benchmarks/commands/verify.ts';
import { writeRun } from '../experiment/report/stored-fixture.ts';
import { captureStdout } from './stdout.ts';

describe('verify', () => {
  let folder: string;
  let reports: string;
  let runs: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'verify-'));
    reports = join(folder, 'reports');
    runs = join(folder, 'runs');
    writeRun(join(reports, 'came-convergence'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const verify = (...names: string[]) => captureStdout(() => verifyCommand(names, { reports, runs }));
  const run = (changes: Parameters<typeof writeRun>[1] = {}, name = 'run') =>
    writeRun(join(runs, name), changes);

  it('passes the committed run itself, and prints each metric with its band', async () => {
    const { result, text } = await verify(run());
    expect(result).toBe(0);
    // Mean 1, interval 0.9 to 1.1: two half-widths are 0.2.
    expect(text).toMatch(/came\.loss +1 +1 +0\.8 … 1\.2 +inside +mean ± 2 half-widths/);
    expect(text).toMatch(/came\.ms +20 +20 + … 25 +inside +at most 1\.25 × as long/);
    expect(text).toMatch(/came\.madMs .* not held/);
    expect(text).not.toContain('came.loss.low');
    expect(text).toMatch(/Verified\.\n$/);
  });

  it.each([
    ['came.loss', 1.21],
    ['came.loss', 0.79],
    ['came.ms', 25.1],
    ['came.stepsPerSecond', 39.9],
    ['parameters', 11],
    ['stateShare', 0.50001],
  ])('fails where %s is %d', async (metric, value) => {
    const { result, text } = await verify(run({ metrics: { [metric]: value } }));
    expect(result).toBe(1);
    expect(text).toContain(`Outside: ${metric}.`);
    expect(text).toMatch(/Not verified\.\n$/);
  });

  it.each([
    ['came.loss', 1.19],
    ['came.ms', 24.9],
    ['came.ms', 1],
    ['came.stepsPerSecond', 40.1],
    ['came.madMs', 1000],
    ['new.metric', 1],
  ])('passes where %s is %d', async (metric, value) => {
    expect((await verify(run({ metrics: { [metric]: value } }))).result).toBe(0);
  });

  it('does not hold timings of another kind of machine', async () => {
    const changes = { metrics: { 'came.ms': 1000 }, environment: { cpu: 'Another processor' } };
    const { result, text } = await verify(run(changes));
    expect(result).toBe(0);
    expect(text).toMatch(/came\.ms .* not held +a timing, on another kind of machine/);
    expect((await verify(run({ ...changes, metrics: { 'came.loss': 9 } }))).result).toBe(1);
  });

  it('fails where the claim is not met, or a metric is missing', async () => {
    const { result, text } = await verify(run({ summary: { verdict: 'not met' } }));
    expect(result).toBe(1);
    expect(text).toContain('Every metric is inside its band.');
    const without = run({ summary: { metrics: { 'came.loss': 1 } } });
    expect((await verify(without)).text).toContain(
      'Outside: parameters, came.ms, came.stepsPerSecond, stateShare.',
    );
  });

  it('refuses a run of other settings, and names them; other seeds are welcome', async () => {
    const other = run({ config: { steps: 7 } });
    await expect(verify(other)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('steps is 7, there 100'),
    });
    expect((await verify(run({ seeds: [7, 8] }, 'seeds'))).result).toBe(0);
  });

  it('takes the latest finished run of an experiment that has the settings', async () => {
    run({ summary: { started: '2026-01-01T00:00:00Z' }, metrics: { parameters: 99 } }, 'old');
    run({ summary: { started: '2026-02-01T00:00:00Z' } }, 'latest');
    run({ summary: { started: '2026-03-01T00:00:00Z' }, config: { steps: 7 } }, 'other');
    rmSync(join(run({}, 'unfinished'), 'summary.json'));
    writeFileSync(join(runs, 'a-file'), '');
    const { result, text } = await verify('came-convergence');
    expect(result).toBe(0);
    expect(text).toContain(join(runs, 'latest'));
  });

  it('says what is missing, with exit code 3', async () => {
    await expect(verify('came-convergence')).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(
        /There is no finished run of came-convergence.*: run came-convergence --data \S+novel\.txt --set 'x=it'\\''s'$/,
      ),
    });
    await expect(verify('training-step')).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('training-step has no committed report'),
    });
    await expect(verify(join(folder, 'nowhere'))).rejects.toMatchObject({ exitCode: 3 });
    await expect(verify('came-convergance')).rejects.toMatchObject({
      exitCode: 3,
      message:
        'There is no directory came-convergance, and no experiment of that name. Did you mean came-convergence?',
    });
  });
});
