import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

/** What resume-child.ts prints. */
type Line =
  | { step: number; loss: number; gradientNorm: number; learningRate: number }
  | { step: number; validation: number }
  | { outcome: string; weights: string; tensors: number };

interface Run {
  readonly lines: Line[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

const child = fileURLToPath(new URL('./resume-child.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'resume-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs the child, and sends it the signal once it has printed so many lines. */
function run(args: readonly string[], signal?: NodeJS.Signals, afterLines = 0): Promise<Run> {
  return new Promise((resolve) => {
    const process_ = spawn(process.execPath, ['--import', 'tsx', child, ...args]);
    const lines: Line[] = [];
    let errors = '';
    process_.stderr.on('data', (data) => {
      errors += data;
    });
    createInterface(process_.stdout).on('line', (line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
      if (signal !== undefined && lines.length === afterLines) process_.kill(signal);
    });
    process_.on('close', (code, killedBy) => resolve({ lines, code, signal: killedBy, errors }));
  });
}

/** What was printed last for each step and kind: a step may run again after a kill. */
function merged(runs: readonly Run[]): unknown {
  const found = new Map<string, Line>();
  for (const line of runs.flatMap(({ lines }) => lines)) {
    if ('outcome' in line) continue;
    found.set(`${'loss' in line ? 'training' : 'validation'} ${line.step}`, line);
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Steps trained, in order. */
function trained({ lines }: Run): number[] {
  return lines.flatMap((line) => ('loss' in line ? [line.step] : []));
}

type Interruption = readonly [signal: NodeJS.Signals, afterLines: number];

interface Variant {
  readonly backend: string;
  readonly steps: number;
  readonly accumulation: number;
  readonly optimizer: 'adamw' | 'came';
  readonly interruptions: readonly Interruption[];
}

// A process takes a few seconds to start, more on a busy machine.
describe.each<Variant>([
  {
    backend: 'cpu',
    steps: 40,
    accumulation: 1,
    optimizer: 'adamw',
    interruptions: [
      ['SIGKILL', 1],
      ['SIGKILL', 13],
      ['SIGINT', 4],
    ],
  },
  {
    backend: 'cpu',
    steps: 14,
    accumulation: 2,
    optimizer: 'came',
    interruptions: [
      ['SIGINT', 2],
      ['SIGKILL', 5],
    ],
  },
  { backend: 'js', steps: 8, accumulation: 1, optimizer: 'adamw', interruptions: [['SIGKILL', 5]] },
])('on $backend with $optimizer and $accumulation micro batches', { timeout: 300_000 }, (variant) => {
  const { backend, steps, accumulation, optimizer, interruptions } = variant;
  const name = `${backend}-${accumulation}`;
  const args = (folder: string) => [
    backend,
    join(root, folder),
    `${steps}`,
    '3',
    `${accumulation}`,
    optimizer,
  ];
  let whole: Run;

  it('runs through', async () => {
    whole = await run(args(`${name}-whole`));
    expect(whole.code, whole.errors).toBe(0);
    expect(trained(whole)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    const [first, ...rest] = whole.lines.flatMap((line) => ('loss' in line ? [line.loss] : []));
    expect(rest.at(-1)).toBeLessThan(first as number);
  });

  it('ends with the same bits when it is killed and interrupted', async () => {
    const folder = `${name}-interrupted`;
    const runs: Run[] = [];
    for (const [signal, afterLines] of interruptions) {
      const part = await run(args(folder), signal, afterLines);
      if (signal === 'SIGKILL') expect(part.signal, part.errors).toBe('SIGKILL');
      else expect(part.code, part.errors).toBe(130);
      runs.push(part);
    }
    const last = await run(args(folder));
    expect(last.code, last.errors).toBe(0);
    runs.push(last);

    expect(merged(runs)).toEqual(merged([whole]));
    expect(last.lines.at(-1)).toEqual(whole.lines.at(-1));
    // A checkpoint was continued, not the run begun again: after SIGINT at the very next step.
    expect(trained(last)[0]).toBeGreaterThan(3);
    for (const [i, [signal]] of interruptions.entries()) {
      if (signal !== 'SIGINT') continue;
      const interrupted = runs[i] as Run;
      expect(interrupted.lines.at(-1)).toMatchObject({ outcome: 'interrupted' });
      expect(trained(runs[i + 1] as Run)[0]).toBe((trained(interrupted).at(-1) as number) + 1);
    }
    expect(readdirSync(join(root, folder))).toHaveLength(1);
  });

  it('leaves a finished run as it is', async () => {
    const again = await run(args(`${name}-whole`));
    expect(again.code, again.errors).toBe(0);
    const { weights } = whole.lines.at(-1) as { weights: string };
    expect(again.lines).toHaveLength(1);
    expect(again.lines[0]).toMatchObject({ outcome: 'finished', weights });
  });
});
