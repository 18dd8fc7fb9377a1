import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
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
  const spin = () =>
    spawn(process.execPath, ['-e', 'const end = Date.now() + 20000; while (Date.now() < end);']);

  it('counts a busy stranger, and not the same process when it is ours', async () => {
    const child = spin();
    const pid = child.pid as number;
    try {
      await sleep(300);
      const stranger = new LoadWatch();
      const family = new LoadWatch([pid]);
      await sleep(1500);
      const others = stranger.others() as number;
      const rest = family.others() as number;
      // One process in a loop takes one core, or its fair share on a machine that is busy with something else.
      const core = 1 / availableParallelism();
      expect(others - rest).toBeGreaterThan(0.2 * core);
      expect(others).toBeLessThanOrEqual(1);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
