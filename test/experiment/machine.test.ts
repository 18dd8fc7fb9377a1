import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LoadWatch, parseCpuTicks, parseProcessTicks } from '../../src/experiment/machine.ts';

describe('parseCpuTicks', () => {
  it('counts everything but idle time and waiting for a disk as work, and guests once', () => {
    // user nice system idle iowait irq softirq steal guest guest_nice; guests are part of user
    const stat = 'cpu  100 20 30 400 50 6 7 8 90 1\ncpu0 1 2 3 4 5 6 7 8 9 10\n';
    expect(parseCpuTicks(stat)).toEqual({ busy: 100 + 20 + 30 + 6 + 7 + 8, total: 621 });
  });
});

describe('parseProcessTicks', () => {
  it('finds its fields behind a name with blanks and brackets', () => {
    const stat = '77 (a) b (c)) S 12 77 77 0 -1 4194560 1 2 3 4 500 60 7 0 20 0 3 0 99 1000 10';
    expect(parseProcessTicks(stat)).toEqual({ parent: 12, ticks: 567 });
  });
});

describe.skipIf(!existsSync('/proc/stat'))('LoadWatch (needs /proc)', () => {
  const machine = () => parseCpuTicks(readFileSync('/proc/stat', 'utf8')).total;
  const used = (pid: number) => parseProcessTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')).ticks;

  it('counts a busy stranger, and not the same process when it is ours', async () => {
    const child = spawn(process.execPath, ['-e', 'for (;;);']);
    const pid = child.pid as number;
    try {
      await sleep(300);
      const [stranger, family, start, before] = [new LoadWatch(), new LoadWatch([pid]), machine(), used(pid)];
      while (used(pid) < before + 80) await sleep(50); // on a busy machine it gets only its share
      const [others, rest] = [stranger.others() as number, family.others() as number];
      const [ticks, total] = [used(pid) - before, machine() - start];
      // What the child used is the difference; a third is left for what happens between the readings.
      expect((others - rest) * total).toBeGreaterThan(0.67 * ticks);
      expect((others - rest) * total).toBeLessThan(1.33 * ticks);
      expect(others).toBeLessThanOrEqual(1);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
