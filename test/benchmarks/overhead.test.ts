import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasRedisServer, TestRedis } from '../experiment/queue/redis-server.ts';
import { count, storedCells } from '../support/counting-runs.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { runCli } from './run-cli.ts';

const folder = temporaryFolders();
const patience = 120_000;
const cells = 200;
const env = {
  TFJS_METHODS_EXPERIMENTS: fileURLToPath(new URL('../support/counting.ts', import.meta.url)),
  TFJS_METHODS_CODE: 'tests',
};

/** Milliseconds for each cell of a run whose cells do nothing, from when the first is handed out to the end of the program. */
async function overhead(more: readonly string[]): Promise<number> {
  const out = join(folder(), 'run');
  let begun = 0;
  const { code } = await count(out, ['--set', `cells=${cells}`, '--set', 'steps=0', ...more], {
    env,
    onStderr(text) {
      if (begun === 0 && text.includes('To do')) begun = performance.now();
    },
  });
  const milliseconds = (performance.now() - begun) / cells;
  expect(code).toBe(0);
  expect(storedCells(out)).toHaveLength(cells);
  return milliseconds;
}

describe('the tool itself takes for each cell', { timeout: patience }, () => {
  it('at most 50 ms where this machine computes it', async () => {
    expect(await overhead(['--jobs', '1'])).toBeLessThan(50);
  });

  it.skipIf(!hasRedisServer)('at most 100 ms through the queue', async () => {
    const redis = new TestRedis();
    await redis.start();
    try {
      let taken: Promise<number> | undefined;
      const worker = await runCli(['worker', '--queue', redis.url, '--jobs', '1', '--backend', 'js'], {
        env,
        onStderr(text, child) {
          if (!text.includes('Taking cells')) return;
          taken = overhead(['--queue', redis.url]).finally(() => child.kill('SIGINT'));
        },
      });
      expect(worker.code).toBe(0);
      expect(await taken).toBeLessThan(100);
    } finally {
      await redis.remove();
    }
  });
});
