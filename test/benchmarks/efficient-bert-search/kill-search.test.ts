import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { useBackend } from '../../../src/backends/index.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { CANDIDATES, tinySearch } from './tiny-search.ts';

const CHILD = fileURLToPath(new URL('search-child.ts', import.meta.url));
const temporaryFolder = temporaryFolders();

/** Runs the search in a process of its own; kills it so many milliseconds after it has scored `lines` more candidates. */
function runChild(folder: string, kill?: { lines: number; delay: number }): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  let lines = 0;
  child.stdout.on('data', (data: Buffer) => {
    lines += data.toString().split('\n').length - 1;
    if (kill && lines >= kill.lines) {
      kill.lines = Number.POSITIVE_INFINITY;
      setTimeout(() => child.kill('SIGKILL'), kill.delay);
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (_, signal) => resolve(signal));
  });
}

/** Without the column of seconds, the last but one. */
function journalOf(folder: string): string[] {
  const lines = readFileSync(join(folder, 'stage-1', 'journal.csv'), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.slice(1).map((line) => line.replace(/,[\d.e-]+,("[^"]*"|[^,"]*)$/, ',,$1'));
}

describe('a search', { timeout: 300_000 }, () => {
  it('that is killed twice at random moments has the journal of one that is not', async () => {
    const [whole, killed] = [temporaryFolder(), temporaryFolder()];
    await useBackend('js');
    const { scored } = await tinySearch(whole);
    expect(scored).toHaveLength(CANDIDATES);
    expect(new Set(scored.map(({ score }) => score)).size).toBeGreaterThan(1);
    const kills = [1, 2].map((lines) => ({ lines, delay: Math.round(400 * Math.random()) }));
    for (const kill of kills) {
      const said = JSON.stringify(kill);
      expect(await runChild(killed, kill), said).toBe('SIGKILL');
      expect(journalOf(killed).length, said).toBeLessThan(CANDIDATES);
    }
    expect(await runChild(killed)).toBeNull();
    expect(journalOf(whole)[0]).toMatch(/^0,stage-1,start,.*,,$/);
    expect(journalOf(killed), JSON.stringify(kills)).toEqual(journalOf(whole));
  });

  it('records a candidate that diverges with score 0 and the reason, and goes on', async () => {
    await useBackend('js');
    const { scored } = await tinySearch(temporaryFolder(), {
      candidates: { 'stage-1': 2, 'stage-2': 1, 'stage-3': 1 },
      candidate: {
        texts: { epochs: 0.1, learningRate: 1e30, batchSize: 16 },
        task: { epochs: 0.1, learningRate: 1e30, batchSize: 16 },
      },
    });
    expect(scored.map(({ score }) => score)).toEqual([0, 0]);
    for (const { failure } of scored) expect(failure).toMatch(/Training stopped at step \d/);
  });
});
