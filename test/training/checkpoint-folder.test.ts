import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { addCheckpoint, listCheckpoints } from '../../src/training/checkpoint-folder.ts';
import { writeSafetensors } from '../../src/training/safetensors.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'checkpoint-folder-'));
  folder = join(root, 'runs', 'checkpoints');
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (text: string) => (path: string) => writeFile(join(path, 'file'), text);

describe('addCheckpoint', () => {
  it('keeps the newest alone', async () => {
    expect(await listCheckpoints(folder)).toEqual([]);
    const first = await addCheckpoint(folder, 5, put('five'));
    expect(first).toBe(join(folder, '000001-step-5'));
    const second = await addCheckpoint(folder, 10, put('ten'));
    expect(readdirSync(folder)).toEqual(['000002-step-10']);
    expect(readFileSync(join(second, 'file'), 'utf8')).toBe('ten');
  });

  it('lets the last written win, also where its step is lower or the same', async () => {
    await addCheckpoint(folder, 10, put('a'));
    await addCheckpoint(folder, 4, put('b'));
    await addCheckpoint(folder, 4, put('c'));
    expect(await listCheckpoints(folder)).toEqual([
      { path: join(folder, '000003-step-4'), number: 3, step: 4 },
    ]);
  });

  it('shows nothing of it until it is complete', async () => {
    await addCheckpoint(folder, 1, put('a'));
    await addCheckpoint(folder, 2, async (path) => {
      await put('b')(path);
      expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([1]);
    });
  });

  it('leaves the one before and no half one when writing fails', async () => {
    await addCheckpoint(folder, 1, put('a'));
    const failure = new Error('no weights today');
    await expect(
      addCheckpoint(folder, 2, async (path) => {
        await put('half')(path);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(readdirSync(folder)).toEqual(['000001-step-1']);
  });

  it.each([
    ['ENOSPC', 3],
    ['EDQUOT', 3],
    ['EFBIG', 3],
    ['EIO', 3],
    ['EROFS', 2],
    ['EACCES', 2],
  ])('explains %s', async (code, exitCode) => {
    await addCheckpoint(folder, 1, put('a'));
    const error = await addCheckpoint(folder, 2, async (path) => {
      await put('half')(path);
      throw Object.assign(new Error(code), { code });
    }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(exitCode);
    expect((error as UserError).message).toMatch(
      /^Cannot write a checkpoint to .*checkpoints: .*\. The one of step 1 is kept\.$/,
    );
    expect(readdirSync(folder)).toEqual(['000001-step-1']);
  });

  it('explains a path that leads through a file', async () => {
    writeFileSync(join(root, 'runs'), '');
    await expect(addCheckpoint(folder, 1, put('a'))).rejects.toThrow(
      /part of the path is a file.*There is no earlier one/,
    );
  });

  it('sweeps what killed processes left, and not what others are writing', async () => {
    mkdirSync(folder, { recursive: true });
    const { pid } = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await new Promise((resolve) => setTimeout(resolve, 1000)); // it is gone by now
    const dead = [`.partial-${pid}-00aa`, `.old-${pid}-00bb`, `.partial-${process.pid}-00cc`];
    const kept = [`.partial-${process.ppid}-00dd`, 'notes.txt', '.partial-x', '000001-step'];
    for (const name of [...dead, ...kept]) mkdirSync(join(folder, name));
    await addCheckpoint(folder, 1, put('a'));
    expect(readdirSync(folder).sort()).toEqual([...kept, '000001-step-1'].sort());
  });

  it('serves several writers at once', async () => {
    const steps = [1, 2, 3, 4, 5, 6];
    const paths = await Promise.all(steps.map((step) => addCheckpoint(folder, step, put(String(step)))));
    expect(new Set(paths).size).toBe(6);
    const entries = await listCheckpoints(folder);
    expect(readdirSync(folder)).toHaveLength(entries.length);
    expect(entries).not.toHaveLength(0);
    for (const { path, step } of entries) expect(readFileSync(join(path, 'file'), 'utf8')).toBe(String(step));
  });

  it('always has a complete checkpoint, whenever it is killed', { timeout: 120_000 }, async () => {
    const child = fileURLToPath(new URL('./checkpoint-folder-child.ts', import.meta.url));
    let reached = 0;
    for (let kill = 0; kill < 8; kill++) {
      const writer = spawn(process.execPath, ['--import', 'tsx', child, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => writer.stdout.once('data', resolve));
      const closed = new Promise((resolve) => writer.once('close', resolve));
      setTimeout(() => writer.kill('SIGKILL'), 20 + 13 * kill);
      await closed;
      const entries = await listCheckpoints(folder);
      for (const { path, step } of entries) {
        for (const name of ['a', 'b']) {
          expect(readFileSync(join(path, name), 'utf8')).toBe(`${step}\n`.repeat(2000));
        }
      }
      const newest = entries.at(-1)?.step ?? 0;
      expect(newest).toBeGreaterThanOrEqual(reached); // none is lost
      expect(entries.length).toBeLessThanOrEqual(2);
      reached = newest;
    }
    expect(reached).toBeGreaterThan(1);
    await addCheckpoint(folder, reached + 1, put('last'));
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

describe('a full disk', () => {
  it('is a clear error, and the checkpoint before stays whole', async (context) => {
    mkdirSync(folder, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'pipe' });
    } catch {
      context.skip(
        'a tmpfs cannot be mounted here (that takes root); the test with an injected ENOSPC has run',
      );
    }
    try {
      const tensors = (floats: number) =>
        new Map([
          [
            'w',
            { dtype: 'F32', shape: [floats], read: async () => new Float32Array(floats).fill(1) } as const,
          ],
        ]);
      const write = (floats: number) => async (path: string) => {
        await writeSafetensors(join(path, 'weights.safetensors'), tensors(floats));
      };
      const first = await addCheckpoint(folder, 1, write(25_000)); // 100 kB
      const before = readFileSync(join(first, 'weights.safetensors'));
      for (const floats of [45_000, 1_000_000]) {
        await expect(addCheckpoint(folder, 2, write(floats))).rejects.toThrow(
          /the disk is full\. Free some space\. The one of step 1 is kept\.$/,
        );
        expect(readdirSync(folder)).toEqual(['000001-step-1']);
        expect(readFileSync(join(first, 'weights.safetensors')).equals(before)).toBe(true);
      }
      // Room again once less is written.
      await addCheckpoint(folder, 3, write(25_000));
      expect(readdirSync(folder)).toEqual(['000002-step-3']);
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
