import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lockHolder, withLock } from '../../src/download/lock.ts';
import { silent } from '../../src/download/progress.ts';
import { recordedProgress } from '../support/recorded-progress.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const folder = temporaryFolders();
const times = { what: 'set-up', pollMs: 5, staleMs: 400 };

describe('withLock', () => {
  it('lets one in at a time, tells the others to wait, and cleans up', async () => {
    const lock = join(folder(), 'deep', 'lock');
    const progress = recordedProgress();
    let inside = 0;
    let most = 0;
    const enter = () =>
      withLock(
        lock,
        progress,
        async () => {
          most = Math.max(most, ++inside);
          await sleep(30);
          inside--;
        },
        times,
      );
    await Promise.all([enter(), enter(), enter(), enter()]);
    expect(most).toBe(1);
    expect(progress.lines[0]).toMatch(/Waiting for another set-up \(process \d+\) to finish/);
    expect(existsSync(lock)).toBe(false);
  });

  it('passes on the result and releases after an error', async () => {
    const lock = join(folder(), 'lock');
    await expect(withLock(lock, silent, () => Promise.reject(new Error('broken')), times)).rejects.toThrow(
      'broken',
    );
    expect(await withLock(lock, silent, async () => 7, times)).toBe(7);
  });

  it('takes over at once from a process that died', async () => {
    const lock = join(folder(), 'lock');
    const child = spawn(process.execPath, ['--eval', '']);
    await new Promise((resolve) => child.on('close', resolve));
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: child.pid, host: hostname(), token: 't' }));
    const slow = { pollMs: 5, staleMs: 3_600_000 };
    expect(await withLock(lock, silent, async () => 'mine', slow)).toBe('mine');
  });

  it('takes over from another machine only when nothing was heard of it for long', async () => {
    const lock = join(folder(), 'lock');
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: 1, host: 'elsewhere', token: 't' }));
    const heard = (secondsAgo: number) =>
      utimesSync(lock, new Date(), new Date(Date.now() - secondsAgo * 1000));
    heard(-3600); // for the whole of this test
    const order: string[] = [];
    const waiting = withLock(lock, silent, async () => order.push('entered'), times);
    await sleep(100);
    order.push('silence');
    heard(3600);
    await waiting;
    expect(order).toEqual(['silence', 'entered']);
  });

  it('shows that it is alive for as long as it works', async () => {
    const lock = join(folder(), 'lock');
    await withLock(
      lock,
      silent,
      async () => {
        utimesSync(lock, new Date(0), new Date(0));
        await expect.poll(() => statSync(lock).mtimeMs, { timeout: 10_000 }).toBeGreaterThan(0);
      },
      times,
    );
  });

  it('is not waited for where that is not wanted', async () => {
    const lock = join(folder(), 'lock');
    await withLock(lock, silent, async () => {
      expect(await lockHolder(lock)).toBe(process.pid);
      const second = withLock(lock, silent, async () => 'entered', { wait: false, what: 'download' });
      await expect(second).rejects.toThrow(/is in use by another download \(process \d+\)/);
    });
    expect(await lockHolder(lock)).toBeUndefined();
    expect(await withLock(lock, silent, async () => 'entered', { wait: false })).toBe('entered');
  });
});
