import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTextFile } from '../../src/data/text-file.ts';
import { UserError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'text-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function refusal(path: string): Promise<string> {
  const error = await readTextFile(path).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).exitCode).toBe(3);
  return (error as UserError).message;
}

describe('readTextFile', () => {
  it('reads UTF-8 and hashes it', async () => {
    const { bytes, sha256 } = await readTextFile(file('abc.txt', 'abc'));
    expect(new TextDecoder().decode(bytes)).toBe('abc');
    // `printf abc | sha256sum`
    expect(sha256).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('drops a byte order mark, but hashes the file as it lies there', async () => {
    const { bytes, sha256 } = await readTextFile(file('bom.txt', '\ufeffabc'));
    expect(new TextDecoder().decode(bytes)).toBe('abc');
    expect(bytes).toHaveLength(3);
    // `printf '\xef\xbb\xbfabc' | sha256sum`
    expect(sha256).toBe('1c28dc3f1f804a1ad9c9b4b4cf5e2658d16ad4ed08e3020d04a8d2865018947c');
  });

  it('keeps characters of every length', async () => {
    const text = 'a é € 𝄞\r\n\u0000';
    expect(new TextDecoder().decode((await readTextFile(file('wide.txt', text))).bytes)).toBe(text);
  });

  it('refuses what is missing, empty, a directory or a device', async () => {
    expect(await refusal(join(folder, 'none.txt'))).toMatch(/none\.txt: there is no such file/);
    expect(await refusal(join(file('plain.txt', 'x'), 'below'))).toMatch(/there is no such file/);
    expect(await refusal(file('empty.txt', ''))).toMatch(/empty\.txt is empty/);
    expect(await refusal(file('only-bom.txt', '\ufeff'))).toMatch(/is empty/);
    const directory = join(folder, 'directory');
    mkdirSync(directory);
    expect(await refusal(directory)).toMatch(/is a directory/);
    expect(await refusal('/dev/zero')).toMatch(/is a device/);
  });

  it('refuses what may not be read', async (context) => {
    if (process.getuid?.() === 0) context.skip('root may read everything');
    const path = file('secret.txt', 'x');
    chmodSync(path, 0);
    expect(await refusal(path)).toMatch(/permission is denied/);
  });

  it.each([
    ['a stray continuation byte', [0x61, 0x0a, 0x62, 0x80], 'line 2, byte offset 3 (0x80)'],
    ['Latin-1', [...Buffer.from('one\ntwo\ncaf'), 0xe9, 0x0a, 0x61], 'line 3, byte offset 11 (0xe9)'],
    ['a character cut short at the end', [0x61, 0xe2, 0x82], 'line 1, byte offset 1 (0xe2)'],
    [
      'a character cut short by a line end',
      [0xc3, 0xa9, 0xe2, 0x82, 0x0a, 0x61],
      'line 1, byte offset 2 (0xe2)',
    ],
    ['an overlong form', [0xc0, 0x80], 'line 1, byte offset 0 (0xc0)'],
    ['a surrogate', [0x61, 0xed, 0xa0, 0x80], 'line 1, byte offset 1 (0xed)'],
    ['a byte order mark before', [0xef, 0xbb, 0xbf, 0x61, 0xff], 'line 1, byte offset 4 (0xff)'],
  ])('says where the UTF-8 breaks: %s', async (name, bytes, where) => {
    expect(await refusal(file(`${name}.txt`, Uint8Array.from(bytes)))).toContain(where);
  });

  it('recognises UTF-16', async () => {
    expect(await refusal(file('utf16.txt', Buffer.from('\ufeffhello', 'utf16le')))).toContain(
      'iconv -f UTF-16',
    );
  });

  it('finds the fault in a large file at once', async () => {
    const bytes = Buffer.alloc(20_000_000, 'all good here\n');
    bytes[19_999_990] = 0xff;
    expect(await refusal(file('large.txt', bytes))).toContain('byte offset 19999990');
  });

  it('reads from a pipe', async (context) => {
    const path = join(folder, 'pipe');
    try {
      execFileSync('mkfifo', [path]);
    } catch {
      context.skip('mkfifo is not here');
    }
    const { spawn } = await import('node:child_process');
    const writer = spawn('sh', ['-c', `printf abc > '${path}'`]);
    expect((await readTextFile(path)).bytes).toHaveLength(3);
    await new Promise((resolve) => (writer.exitCode === null ? writer.once('exit', resolve) : resolve(null)));
  });
});
