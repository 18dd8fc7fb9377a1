import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/datasets/dataset.ts';
import {
  type DatasetOptions,
  dataDirectory,
  downloadDataset,
  firstDownloadsFile,
} from '../../../src/data/datasets/download.ts';
import { datasetState, readRecord } from '../../../src/data/datasets/record.ts';
import { STAGING } from '../../../src/download/build-directory.ts';
import { UserError } from '../../../src/errors.ts';
import { type FileServer, startFileServer } from '../../support/file-server.ts';
import { recordedProgress } from '../../support/recorded-progress.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { tinyZip } from '../../support/tiny-zip.ts';
import { extra, fakeDataset, sha256, train, zip } from './fake-dataset.ts';

const folder = temporaryFolders();
const times = { attempts: 3, retryMs: 1, stallMs: 200 };
let server: FileServer;

afterEach(() => server?.close());

async function prepare({ pinned = true, faults = {} as FileServer['faults'] } = {}) {
  server = await startFileServer({ '/Tiny.zip': zip, '/extra.tsv': extra });
  Object.assign(server.faults, faults);
  const env = { TFJS_METHODS_CACHE: folder() };
  const directory = dataDirectory(env);
  const progress = recordedProgress();
  const dataset = fakeDataset(server.url, pinned);
  const fetch = (changes: DatasetOptions = {}, which: Dataset = dataset) =>
    downloadDataset(which, { env, progress, times, ...changes });
  return { server, env, directory, path: join(directory, 'group', 'Tiny'), progress, dataset, fetch };
}

const errorOf = async (promise: Promise<unknown>): Promise<UserError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
};

/** Everything below a folder, sorted. */
const below = (root: string): string[] =>
  existsSync(root) ? (readdirSync(root, { recursive: true }) as string[]).sort() : [];

describe('downloadDataset', () => {
  it('lays the wanted files into one folder, with a record, and nothing else anywhere', async () => {
    const { dataset, directory, path, progress, fetch } = await prepare();
    expect(await fetch()).toEqual({ path, fetched: true });
    const files = ['dataset.json', 'dev.tsv', 'more.tsv', 'train.tsv'];
    expect(below(directory)).toEqual(['group', 'group/Tiny', ...files.map((name) => `group/Tiny/${name}`)]);
    expect(readFileSync(join(path, 'train.tsv')).equals(train)).toBe(true);
    expect(readFileSync(join(path, 'more.tsv')).equals(extra)).toBe(true);
    expect(await readRecord(path)).toMatchObject({
      name: 'tiny',
      sources: dataset.sources.map(({ url, sha256 }) => ({ url, sha256 })),
      files: { 'train.tsv': train.length, 'dev.tsv': 4, 'more.tsv': extra.length },
    });
    expect(progress.steps).toContain(`Downloading Tiny.zip ${zip.length}/${zip.length}`);
    expect(progress.steps).toContain(`Unpacking Tiny.zip ${train.length + 4}/${train.length + 4}`);
  });

  it('asks nobody when the set is there, and repairs one that is damaged', async () => {
    const { path, server, fetch } = await prepare();
    await fetch();
    const asked = server.requests.length;
    expect(await fetch()).toEqual({ path, fetched: false });
    expect(server.requests).toHaveLength(asked);
    truncateSync(join(path, 'train.tsv'), 10);
    expect(await datasetState(path)).toBe('damaged');
    expect(await fetch()).toEqual({ path, fetched: true });
    expect(await datasetState(path)).toBe('whole');
  });

  it('continues what an interrupted call left, also between two files', async () => {
    const { directory, server, fetch } = await prepare({ faults: { cuts: 3 } });
    expect((await errorOf(fetch())).message).toMatch(/did not deliver Tiny.zip.*run this again/);
    await fetch();
    expect(server.requests.filter((request) => request === '/Tiny.zip bytes=0-')).toHaveLength(1);
    expect(below(directory)).not.toContain('.downloads');
  });

  it('goes on where a process was killed', async () => {
    const { directory, server, fetch } = await prepare({ faults: { stalls: 1 } });
    const script = fileURLToPath(new URL('download-child.ts', import.meta.url));
    const args = [server.url, directory, String(zip.length), sha256(zip)];
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, ...args]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    const part = join(directory, '.downloads', 'tiny', 'Tiny.zip.part');
    const size = () => (existsSync(part) ? statSync(part).size : 0);
    await expect.poll(size, { timeout: 30_000 }).toBe(zip.length >> 1);
    child.kill('SIGKILL');
    await ended;
    expect((await fetch()).fetched).toBe(true);
    expect(server.requests[1]).toBe(`/Tiny.zip bytes=${zip.length >> 1}-`);
  });

  it('takes files that were put there by hand', async () => {
    const { directory, path, server, fetch } = await prepare();
    await server.close();
    const error = await errorOf(fetch());
    const place = join(directory, '.downloads', 'tiny');
    expect(error.message).toContain(
      `bring ${server.url}/Tiny.zip from elsewhere, put it at ${place}/Tiny.zip`,
    );
    writeFileSync(join(place, 'Tiny.zip'), zip);
    writeFileSync(join(place, 'extra.tsv'), extra);
    expect(await fetch()).toEqual({ path, fetched: true });
  });

  it('starts clean once when the part that was left is rotten', async () => {
    const { directory, fetch } = await prepare();
    mkdirSync(join(directory, '.downloads', 'tiny'), { recursive: true });
    writeFileSync(join(directory, '.downloads', 'tiny', 'Tiny.zip.part'), 'x'.repeat(5000));
    expect((await fetch()).fetched).toBe(true);
  });

  it('refuses what arrives damaged, deletes it, and gets it right the next time', async () => {
    const { directory, path, fetch } = await prepare({ faults: { corrupt: 1 } });
    const error = await errorOf(fetch());
    expect(error.message).toMatch(
      /Tiny.zip arrived damaged.*sha256 is [0-9a-f]{64}, not [0-9a-f]{64}.*deleted/,
    );
    expect(error.exitCode).toBe(3);
    expect(existsSync(path)).toBe(false);
    expect(below(directory)).toEqual(['.downloads', '.downloads/tiny']);
    expect((await fetch()).fetched).toBe(true);
  });

  it('names what an archive does not hold', async () => {
    const { directory, server, dataset, fetch } = await prepare();
    const other = tinyZip({ 'Tiny/train.tsv': 'x' });
    server.files.set('/Tiny.zip', other);
    const [archive, plain] = dataset.sources;
    if (archive === undefined || plain === undefined) return expect.unreachable();
    const sources = [{ ...archive, bytes: other.length, sha256: sha256(other) }, plain];
    const error = await errorOf(fetch({}, { ...dataset, sources }));
    expect(error.message).toMatch(/Tiny.zip holds no Tiny\/dev.tsv\./);
    expect(below(directory).filter((name) => name.includes('group/'))).toEqual([]);
  });

  it('leaves a folder alone that is not its own', async () => {
    const { directory, path, server, fetch } = await prepare();
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'thesis.txt'), 'years of work');
    const error = await errorOf(fetch());
    expect(error.message).toMatch(
      /Tiny holds files that were not downloaded here; they are left alone.*--dir/,
    );
    expect(error.exitCode).toBe(2);
    expect(below(directory)).toEqual(['group', 'group/Tiny', 'group/Tiny/thesis.txt']);
    expect(server.requests).toEqual([]);
  });

  it('does not repair a folder into which somebody put files', async () => {
    const { path, fetch } = await prepare();
    await fetch();
    writeFileSync(join(path, 'notes.txt'), 'mine');
    expect((await fetch()).fetched).toBe(false);
    rmSync(join(path, 'dev.tsv'));
    expect((await errorOf(fetch())).message).toMatch(/left alone/);
    expect(existsSync(join(path, 'notes.txt'))).toBe(true);
  });

  it('downloads once for several processes, and clears what a killed one left', async () => {
    const { directory, path, server, fetch } = await prepare();
    const left = join(directory, 'group', `${STAGING}Tiny-123-0123abcd`);
    const others = join(directory, 'group', `${STAGING}Tiny-raw-123-0123abcd`);
    for (const staging of [left, others]) mkdirSync(staging, { recursive: true });
    const results = await Promise.all([fetch(), fetch(), fetch()]);
    expect(results.map(({ fetched }) => fetched).sort()).toEqual([false, false, true]);
    expect(server.requests).toHaveLength(2);
    expect([existsSync(left), existsSync(others), existsSync(path)]).toEqual([false, true, true]);
  });

  it('asks for space before it downloads, and for the rest before it unpacks', async () => {
    const { fetch, server } = await prepare();
    const none = await errorOf(fetch({ measure: async () => 1000 }));
    expect(none.message).toMatch(/Not enough disk space for tiny .*--dir, and run this again/);
    expect(server.requests).toEqual([]);
    let asked = 0;
    const shrinking = async () => (asked++ === 0 ? 1e12 : 1e5);
    expect((await errorOf(fetch({ measure: shrinking }))).message).toMatch(/Not enough disk space for tiny/);
    const before = server.requests.length;
    expect((await fetch()).fetched).toBe(true);
    expect(server.requests).toHaveLength(before); // the downloads had been kept
  });

  it('goes where --dir says, and says when it cannot', async () => {
    const { fetch, directory } = await prepare();
    const elsewhere = folder();
    expect((await fetch({ directory: elsewhere })).path).toBe(join(elsewhere, 'group', 'Tiny'));
    expect(below(directory)).toEqual([]);
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const error = await errorOf(fetch({ directory: file }));
    expect(error.message).toMatch(/holds files that were not|part of the path is a file.*--dir/);
    expect(error.exitCode).toBe(2);
  });

  it('says where it may not write', async (context) => {
    const { fetch } = await prepare();
    const closed = folder();
    const root = process.getuid?.() === 0; // whom permissions do not stop
    try {
      if (root) execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', closed], { stdio: 'pipe' });
      else chmodSync(closed, 0o500);
    } catch {
      return context.skip('a read-only file system cannot be mounted here');
    }
    try {
      const error = await errorOf(fetch({ directory: closed }));
      expect(error.message).toMatch(
        /(\.downloads cannot be made there|Cannot write .*Tiny: permission is denied)\. Choose another directory with --dir/,
      );
      expect(error.exitCode).toBe(2);
    } finally {
      if (root) execFileSync('umount', [closed]);
    }
  });

  it('says that the disk is full and keeps what came', async (context) => {
    const { fetch, server } = await prepare();
    const small = folder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', small], { stdio: 'pipe' });
    } catch {
      return context.skip('a tmpfs cannot be mounted here (that takes root)');
    }
    try {
      // The archive fits, what is in it does not; the measure claims otherwise, as one that is outrun by other writers.
      const error = await errorOf(fetch({ directory: small, measure: async () => 1e12 }));
      expect(error.message).toMatch(
        /Cannot write .*Tiny: the disk is full\. Free some space\. What was downloaded so far/,
      );
      expect(error.exitCode).toBe(3);
      expect(existsSync(join(small, 'group', 'Tiny'))).toBe(false);
      expect(existsSync(join(small, '.downloads', 'tiny', 'Tiny.zip'))).toBe(true);
      expect(server.requests).toHaveLength(2);
    } finally {
      execFileSync('umount', [small]);
    }
  });
});

describe('downloadDataset of files without a known digest', () => {
  it('trusts the first download, says so, and holds later ones against it', async () => {
    const { env, path, progress, server, fetch } = await prepare({ pinned: false });
    await fetch();
    const kept = JSON.parse(readFileSync(firstDownloadsFile(env), 'utf8'));
    expect(kept[`${server.url}/Tiny.zip`].sha256).toBe(sha256(zip));
    expect(progress.lines.join('\n')).toMatch(
      /Nobody vouches for Tiny.zip: this first download is trusted\. Its sha256, [0-9a-f]{64}, is kept/,
    );

    progress.lines.length = 0;
    rmSync(path, { recursive: true });
    await fetch();
    expect(progress.lines).toEqual([]);

    rmSync(path, { recursive: true });
    server.files.set('/Tiny.zip', tinyZip({ 'Tiny/train.tsv': 'other', 'Tiny/dev.tsv': 'other' }));
    const error = await errorOf(fetch());
    expect(error.message).toMatch(
      /Tiny.zip is not the file that .* gave on \d{4}-\d\d-\d\d: .*remove its entry from/,
    );
    expect(existsSync(path)).toBe(false);

    writeFileSync(firstDownloadsFile(env), '{}');
    expect((await fetch()).fetched).toBe(true);
  });

  it('does not keep the digest of what turned out to be no archive', async () => {
    const { env, directory, server, fetch } = await prepare({ pinned: false });
    server.files.set('/Tiny.zip', Buffer.from('<html>Please log in</html>'));
    expect((await errorOf(fetch())).message).toMatch(/is not a whole archive .*Delete it and run this again/);
    expect(existsSync(firstDownloadsFile(env))).toBe(false);
    server.files.set('/Tiny.zip', zip);
    rmSync(join(directory, '.downloads', 'tiny', 'Tiny.zip'));
    expect((await fetch()).fetched).toBe(true);
  });

  it('says when the kept digests cannot be read', async () => {
    const { env, fetch } = await prepare({ pinned: false });
    writeFileSync(firstDownloadsFile(env), '{');
    expect((await errorOf(fetch())).message).toMatch(/first-downloads.json is damaged/);
  });
});
