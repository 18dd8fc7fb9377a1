import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silent } from '../../../src/download/progress.ts';
import { UserError } from '../../../src/errors.ts';
import { fetchWheel } from '../../../src/native/setup/fetch-wheel.ts';
import { recordedProgress } from '../../support/recorded-progress.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { fakeWheel } from './fake-wheel.ts';
import { type IndexServer, type IndexServerOptions, startIndexServer } from './index-server.ts';

const folder = temporaryFolders();
const times = { attempts: 3, retryMs: 1, stallMs: 2000 };
let server: IndexServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** An index with the fake wheel; no pip on the PATH. */
async function indexWith(changes: Partial<IndexServerOptions> = {}) {
  const { wheel, content } = fakeWheel();
  server = await startIndexServer({ project: wheel.project, file: wheel.file, content, ...changes });
  const env = { PATH: folder(), PIP_INDEX_URL: server.url };
  return { wheel, content, env, directory: folder(), server };
}

describe('fetchWheel from the package index', () => {
  it('downloads the file, checks it and shows how far it is', async () => {
    const { wheel, content, env, directory } = await indexWith();
    const progress = recordedProgress();
    const file = await fetchWheel(wheel, directory, { progress, env, times });
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(progress.steps.at(-1)).toBe(`Downloading ${wheel.file} ${wheel.bytes}/${wheel.bytes}`);
    expect(readdirSync(directory)).toEqual([wheel.file]);
  });

  it('uses a file that lies there already without any request', async () => {
    const { wheel, content, env, directory, server } = await indexWith();
    writeFileSync(join(directory, wheel.file), content);
    await fetchWheel(wheel, directory, { progress: silent, env, times });
    expect(server.authorizations).toEqual([]);
  });

  it('continues the part that an interrupted run left', async () => {
    const { wheel, content, env, directory, server } = await indexWith();
    writeFileSync(join(directory, `${wheel.file}.part`), content.subarray(0, 1000));
    const file = await fetchWheel(wheel, directory, { progress: silent, env, times });
    expect(server.ranges).toEqual(['bytes=1000-']);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('continues by itself when the connection breaks', async () => {
    const { wheel, content, env, directory, server } = await indexWith({ cuts: 2 });
    const file = await fetchWheel(wheel, directory, { progress: silent, env, times });
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(server.ranges).toHaveLength(3);
    expect(server.ranges[0]).toBe('bytes=0-');
    expect(server.ranges[2]).not.toBe('bytes=0-');
  });

  it('gives up after its attempts, keeps the part and says how to go on', async () => {
    const { wheel, env, directory } = await indexWith({ cuts: 9 });
    await expect(fetchWheel(wheel, directory, { progress: silent, env, times })).rejects.toThrow(
      /run this again/,
    );
    expect(existsSync(join(directory, `${wheel.file}.part`))).toBe(true);
  });

  it('starts over where the server knows no ranges', async () => {
    const { wheel, content, env, directory } = await indexWith({ noRanges: true });
    writeFileSync(join(directory, `${wheel.file}.part`), 'x'.repeat(1000));
    const file = await fetchWheel(wheel, directory, { progress: silent, env, times });
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('starts clean when the part that was left is not of this file', async () => {
    const { wheel, content, env, directory, server } = await indexWith();
    writeFileSync(join(directory, `${wheel.file}.part`), 'x'.repeat(1000));
    const file = await fetchWheel(wheel, directory, { progress: silent, env, times });
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(server.ranges).toEqual(['bytes=1000-', 'bytes=0-']);
  });

  it('refuses and deletes a file with another digest', async () => {
    const { wheel, env, directory } = await indexWith();
    const pinned = { ...wheel, sha256: '0'.repeat(64) };
    const error = await fetchWheel(pinned, directory, { progress: silent, env, times }).catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/arrived damaged.*sha256/);
    expect(error.exitCode).toBe(3);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('reads HTML pages and passes on the credentials of the index', async () => {
    const { wheel, env, directory, server } = await indexWith({ html: true });
    const index = server.url.replace('http://', 'http://ada:p%40ss@');
    await fetchWheel(wheel, directory, { progress: silent, env: { ...env, PIP_INDEX_URL: index }, times });
    const expected = `Basic ${Buffer.from('ada:p@ss').toString('base64')}`;
    expect(server.authorizations).toEqual([expected, expected]);
  });

  it('names an index that does not list the file', async () => {
    const { wheel, env, directory } = await indexWith({ file: 'other.whl' });
    await expect(fetchWheel(wheel, directory, { progress: silent, env, times })).rejects.toThrow(
      `does not list ${wheel.file}`,
    );
  });

  it('does not repeat a request that was refused', async () => {
    const { wheel, env, directory, server } = await indexWith({ status: 403 });
    await expect(fetchWheel(wheel, directory, { progress: silent, env, times })).rejects.toThrow(
      /answers 403/,
    );
    expect(server.ranges).toHaveLength(1);
  });

  it('says so when there is no network', async () => {
    const { wheel, env, directory, server } = await indexWith();
    await server.close();
    const error = await fetchWheel(wheel, directory, { progress: silent, env, times }).catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/could not be reached .*Check the network/);
  });
});

describe('fetchWheel through pip', () => {
  /** A pip that runs a few lines of shell; "$dest" is the folder it was told to fill. */
  function fakePip(script: string): string {
    const path = folder();
    mkdirSync(path, { recursive: true });
    const find = 'for a; do [ "$last" = --dest ] && dest=$a; last=$a; done';
    writeFileSync(join(path, 'pip'), `#!/bin/sh\n[ "$1" = --version ] && exit 0\n${find}\n${script}\n`);
    chmodSync(join(path, 'pip'), 0o755);
    return `${path}:/usr/bin:/bin`;
  }

  it.skipIf(process.platform === 'win32')('takes what pip brought', async () => {
    const { wheel, content } = fakeWheel();
    const source = join(folder(), 'wheel');
    writeFileSync(source, content);
    const PATH = fakePip(
      `mkdir -p "$dest" && cp ${source} "$dest/${wheel.file}" && echo "$@" > ${source}.args`,
    );
    const directory = folder();
    const file = await fetchWheel(wheel, directory, { progress: silent, env: { PATH }, times });
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(readFileSync(`${source}.args`, 'utf8')).toMatch(
      /download --no-deps --only-binary=:all: .*--abi cp311 --platform manylinux_2_27_x86_64 tensorflow-cpu==2.21.0/,
    );
    expect(readdirSync(directory)).toEqual([wheel.file]);
  });

  it.skipIf(process.platform === 'win32')('asks the index itself when pip fails, and says so', async () => {
    const { wheel, env, directory } = await indexWith();
    const progress = recordedProgress();
    const PATH = fakePip('echo "no route" >&2; exit 1');
    const file = await fetchWheel(wheel, directory, { progress, env: { ...env, PATH }, times });
    expect(existsSync(file)).toBe(true);
    expect(progress.lines.join()).toMatch(/pip could not fetch/);
  });

  it.skipIf(process.platform === 'win32')("reports pip's words too when both ways fail", async () => {
    const { wheel, env, directory } = await indexWith({ status: 404 });
    const PATH = fakePip('echo "no route" >&2; exit 1');
    await expect(
      fetchWheel(wheel, directory, { progress: silent, env: { ...env, PATH }, times }),
    ).rejects.toThrow(/answers 404[\s\S]*pip download failed: no route/);
  });
});
