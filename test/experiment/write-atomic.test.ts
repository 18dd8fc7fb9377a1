import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainFileError } from '../../src/experiment/file-errors.ts';
import { writeAtomic } from '../../src/experiment/write-atomic.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-atomic-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('writeAtomic', () => {
  it('writes text and bytes and leaves nothing else', async () => {
    await writeAtomic(join(folder, 'a'), 'old');
    await writeAtomic(join(folder, 'a'), 'new ü');
    await writeAtomic(join(folder, 'b'), new Uint8Array([0, 255]));
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('new ü');
    expect([...readFileSync(join(folder, 'b'))]).toEqual([0, 255]);
    expect(readdirSync(folder)).toEqual(['a', 'b']);
  });

  // A limit on the size of files ends a write half-way as a full disk does, and needs no rights: the first write(2) is cut
  // short, the second fails.
  it.skipIf(process.platform === 'win32')('keeps the old file when a write is cut short', () => {
    const file = join(folder, 'a');
    writeFileSync(file, 'old');
    const code = `
      import { writeAtomic } from './src/experiment/write-atomic.ts';
      process.on('SIGXFSZ', () => {});
      await writeAtomic(${JSON.stringify(file)}, 'x'.repeat(200_000)).catch((error) => console.log(error.code));
    `;
    const limited = `ulimit -f 64; exec "$0" --import tsx --input-type=module -e "$1"`;
    const { stdout } = spawnSync('bash', ['-c', limited, process.execPath, code], {
      cwd: new URL('../..', import.meta.url),
      encoding: 'utf8',
    });
    expect(stdout.trim()).toBe('EFBIG');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('fails where the folder is missing, making nothing', async () => {
    await expect(writeAtomic(join(folder, 'none', 'a'), 'x')).rejects.toThrow(/ENOENT/);
    expect(() => statSync(join(folder, 'none'))).toThrow();
  });
});

describe('explainFileError', () => {
  const failure = (code: string) => Object.assign(new Error(`${code}: no`), { code, path: '/runs/x' });

  it.each([
    [
      'ENOSPC',
      'Cannot write /runs/x: the disk is full. Free some space. What was finished is kept: continue with --resume.',
      3,
    ],
    [
      'EACCES',
      'Cannot write /runs/x: permission is denied. Choose another directory with --out, or change the permissions.',
      2,
    ],
    ['EROFS', 'Cannot write /runs/x: the file system is read-only. Choose another directory with --out.', 2],
  ])('says %s in words', (code, message, exitCode) => {
    expect(explainFileError(failure(code))).toMatchObject({ name: 'UserError', message, exitCode });
  });

  it('leaves other errors as they are', () => {
    const other = failure('EBADF');
    expect(explainFileError(other)).toBe(other);
  });
});
