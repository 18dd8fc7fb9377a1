import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STAGING } from '../../src/download/build-directory.ts';
import { entriesOf } from './folder.ts';
import type { Kept, Kind } from './kept.ts';
import { keptUnderLock } from './under-lock.ts';

type Recognizer = readonly [what: string, name: RegExp, isOurs: (path: string) => Promise<boolean>];

const holds =
  (file: string) =>
  async (path: string): Promise<boolean> =>
    (await entriesOf(path)).some(({ name }) => name === file);

/** What the native set-up puts into the cache: by its name, and by a file that nobody else would have in there. */
const RECOGNIZERS: readonly Recognizer[] = [
  ['TensorFlow', /^tensorflow-\d[\w.]*-\w+-\w+$/, holds('library.json')],
  ['tfjs-node addon', /^addon-\d[\w.]*-tf[\w.]+-\w+-\w+-napi\d+$/, holds('tfjs_binding.node')],
  ['npm packages', /^(tfjs-node|node-api-headers)-\d[\w.]*$/, isOurManifest],
  ['unfinished', new RegExp(`^${STAGING.replaceAll('.', '\\.')}`), async () => true],
];
const BUILD = /^[0-9a-f]{24}$/;
const WHEEL = /^tensorflow[\w.-]*\.whl(\.part)?$/;

/** What the native set-up built or unpacked into the cache. */
export async function keptNative(cache: string): Promise<Kept[]> {
  const found: Kept[] = [];
  for (const entry of (await entriesOf(cache)).filter((one) => one.isDirectory())) {
    for (const [what, name, isOurs] of RECOGNIZERS) {
      if (!name.test(entry.name) || !(await isOurs(join(cache, entry.name)))) continue;
      found.push(await underSetupLock('native', what, cache, entry.name));
    }
  }
  const builds = (await entriesOf(join(cache, 'kernels'))).filter(
    (entry) => entry.isDirectory() && (BUILD.test(entry.name) || entry.name.startsWith(STAGING)),
  );
  for (const { name } of builds) {
    found.push(await underSetupLock('native', 'our kernels', cache, 'kernels', name));
  }
  return found;
}

/** Wheels that wait to be unpacked, whole or in part. */
export async function keptWheels(cache: string): Promise<Kept[]> {
  const entries = await entriesOf(join(cache, 'downloads'));
  const ours = entries.filter(
    (entry) =>
      (entry.isFile() && WHEEL.test(entry.name)) || (entry.isDirectory() && entry.name.startsWith(STAGING)),
  );
  return Promise.all(
    ours.map(({ name }) => underSetupLock('downloads', 'TensorFlow wheel', cache, 'downloads', name)),
  );
}

function underSetupLock(kind: Kind, what: string, cache: string, ...names: readonly string[]): Promise<Kept> {
  return keptUnderLock(cache, { kind, what, names, lock: join(cache, 'setup.lock'), holder: 'set-up' });
}

async function isOurManifest(path: string): Promise<boolean> {
  try {
    const manifest = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as { name?: string };
    return manifest.name === 'tfjs-methods-cache';
  } catch {
    return false;
  }
}
