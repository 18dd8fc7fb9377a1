import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventWriter, writeEvents } from '../../../src/experiment/tensorboard/index.ts';
import { readRecords } from '../../../src/experiment/tensorboard/record.ts';
import { decodeEvents } from './decode-events.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tensorboard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

// A limit on the size of files ends a write half-way as a full disk does, and needs no rights.
it.skipIf(process.platform === 'win32')(
  'a write that is cut short is an error, and the next run mends it',
  () => {
    const rows = Array.from({ length: 3000 }, (_, step) => ({ cell: 'a', step, loss: 1 }));
    const code = `
    import { writeEvents } from './src/experiment/tensorboard/index.ts';
    process.on('SIGXFSZ', () => {});
    const rows = Array.from({ length: 3000 }, (_, step) => ({ cell: 'a', step, loss: 1 }));
    try { writeEvents(${JSON.stringify(folder)}, rows); } catch (error) { console.log(error.name, error.exitCode); }
  `;
    const limited = `ulimit -f 32; exec "$0" --import tsx --input-type=module -e "$1"`;
    const { stdout } = spawnSync('bash', ['-c', limited, process.execPath, code], {
      cwd: new URL('../../..', import.meta.url),
      encoding: 'utf8',
    });
    expect(stdout.trim()).toBe('UserError 3');
    const before = readRecords(readFileSync(join(folder, 'a', readdirSync(join(folder, 'a'))[0] as string)));
    expect(before.length).toBeGreaterThan(500);
    expect(writeEvents(folder, rows)).toBe(3001 - before.length);
    expect(writeEvents(folder, rows)).toBe(0);
  },
);

it('goes on in the middle of a record once there is room again', (context) => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    context.skip('a tmpfs cannot be mounted here (that takes root); the test with a limit on files has run');
  }
  try {
    const filler = join(folder, 'filler');
    writeFileSync(filler, Buffer.alloc(56 * 1024));
    const writer = new EventWriter(join(folder, 'a'));
    for (let step = 0; step < 500; step++) writer.scalar('loss', step, 1);
    expect(() => writer.flush()).toThrow('the disk is full');
    const cut = readFileSync(writer.path);
    expect(cut.length).toBeGreaterThan(0);
    expect(() => decodeEvents(cut)).toThrow();
    rmSync(filler);
    writer.close();
    const steps = decodeEvents(readFileSync(writer.path)).slice(1);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 500 }, (_, step) => step));
  } finally {
    execFileSync('umount', [folder]);
  }
});
