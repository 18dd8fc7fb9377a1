import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unpackZip } from '../../src/download/unpack-zip.ts';
import { UserError } from '../../src/errors.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { tinyZip } from '../support/tiny-zip.ts';

const folder = temporaryFolders();
const quiet = { bytes() {} };

function archive(files: Readonly<Record<string, Buffer | string>>) {
  const root = folder();
  const file = join(root, 'a.zip');
  const target = join(root, 'out', 'deep');
  mkdirSync(target, { recursive: true });
  writeFileSync(file, tinyZip(files));
  return { root, file, target };
}

describe('unpackZip', () => {
  it('unpacks what is wanted, where it is wanted, and says how much it is', async () => {
    const { file, target } = archive({
      'x/a.txt': 'first',
      'x/b.txt': 'second',
      'y/': '',
      'y/c.txt': 'third',
    });
    const seen: string[] = [];
    const progress = {
      begin: async (total: number) => void seen.push(`begin ${total}`),
      bytes: (done: number, total: number) => void seen.push(`${done}/${total}`),
    };
    const wanted = (name: string) => (name === 'x/b.txt' ? undefined : name.replace('x/', 'z/'));
    expect(await unpackZip(file, target, wanted, progress)).toEqual({ 'z/a.txt': 5, 'y/c.txt': 5 });
    expect(readFileSync(join(target, 'z', 'a.txt'), 'utf8')).toBe('first');
    expect(seen).toEqual(['begin 10', '5/10', '10/10']);
  });

  it.each([
    '../out.txt',
    '../../out.txt',
    'x/../../out.txt',
    '/tmp/tfjs-methods-out.txt',
    'C:/out.txt',
    'x\\..\\..\\out.txt',
  ])('refuses an archive with the name %s and writes nothing of it', async (name) => {
    const { root, file, target } = archive({ 'fine.txt': 'x', [name]: 'evil' });
    const promise = unpackZip(file, target, (entry) => entry, quiet);
    // yauzl turns backslashes, which old Windows archives have, into slashes before it looks.
    await expect(promise).rejects.toThrow(/is not a whole archive \(.*(path|fileName|leads out)/);
    await expect(promise).rejects.toBeInstanceOf(UserError);
    expect(readdirSync(root).sort()).toEqual(['a.zip', 'out']);
    expect(readdirSync(target)).toEqual([]);
    expect(existsSync('/tmp/tfjs-methods-out.txt')).toBe(false);
  });

  it('refuses a place outside the folder whoever names it', async () => {
    const { file, target } = archive({ 'a.txt': 'x' });
    await expect(unpackZip(file, target, () => '../a.txt', quiet)).rejects.toThrow(/leads out of the folder/);
    await expect(unpackZip(file, target, () => '/tmp/a.txt', quiet)).rejects.toThrow(
      /leads out of the folder/,
    );
  });

  it.each([
    ['cut off', (zip: Buffer) => zip.subarray(0, zip.length >> 1)],
    ['not a zip', () => Buffer.from('<html>Please log in</html>')],
    ['empty', () => Buffer.alloc(0)],
    ['with a broken body', (zip: Buffer) => zip.fill(0xff, 40, 60)],
  ])('says of an archive that is %s what to do', async (_, damage) => {
    const { file, target } = archive({
      'a.txt': 'some text that is long enough to be packed, packed, packed',
    });
    writeFileSync(file, damage(readFileSync(file)));
    await expect(unpackZip(file, target, (name) => name, quiet)).rejects.toThrow(
      /is not a whole archive.*Delete it/,
    );
  });

  it('passes on what the file system says', async () => {
    const { file, target } = archive({ 'a.txt': 'x', 'a.txt/b.txt': 'y' });
    await expect(unpackZip(file, target, (name) => name, quiet)).rejects.toMatchObject({ syscall: 'mkdir' });
  });

  it('writes nothing when begin refuses', async () => {
    const { file, target } = archive({ 'a.txt': 'x' });
    const begin = () => Promise.reject(new UserError('no space'));
    await expect(unpackZip(file, target, (name) => name, { ...quiet, begin })).rejects.toThrow('no space');
    expect(readdirSync(target)).toEqual([]);
  });
});
