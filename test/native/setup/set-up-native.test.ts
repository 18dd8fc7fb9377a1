import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { findCompiler } from '../../../src/native/setup/compiler.ts';
import { nativeStatus } from '../../../src/native/setup/native-status.ts';
import { kernelsAddonPath } from '../../../src/native/setup/paths.ts';
import { setUpNative } from '../../../src/native/setup/set-up-native.ts';
import { summarizeSetup } from '../../../src/native/setup/setup-result.ts';
import { recordedProgress } from '../../support/recorded-progress.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import {
  compileStockLibrary,
  VERSION_KERNEL,
  write,
  writeProject,
  writeStockTfjsNode,
} from './fake-project.ts';

const folder = temporaryFolders();
const compiler = process.platform === 'linux' ? await findCompiler() : undefined;
if (compiler === undefined)
  console.warn('set-up-native.test.ts: no C++ compiler (or not Linux): kernels are not compiled');
const offline = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple' };

describe('setUpNative with a tfjs-node that loads', () => {
  it('has nothing to do where there are no kernel sources', async () => {
    const root = folder();
    writeProject(root);
    const tfjsNode = writeStockTfjsNode(root);
    const cache = join(folder(), 'cache');
    const result = await setUpNative({ root, cache, progress: recordedProgress(), env: { PATH: '' } });
    expect(result).toMatchObject({ tensorflowVersion: '2.9.1', kernels: false, tfjsNode });
    expect(result.steps.map(({ name, state }) => [name, state])).toEqual([
      ['tfjs-node', 'cached'],
      ['native kernels', 'skipped'],
    ]);
    expect(existsSync(cache)).toBe(false);
  });

  it('stays usable without a compiler, and says what is off', async () => {
    const root = folder();
    writeProject(root);
    writeStockTfjsNode(root);
    write(root, { 'src/kernels.cc': VERSION_KERNEL });
    const progress = recordedProgress();
    const result = await setUpNative({ root, cache: folder(), progress, env: { PATH: '' } });
    expect(result.kernels).toBe(false);
    expect(progress.lines.join()).toMatch(
      /Native kernels are off; operations run one by one. No C\+\+ compiler/,
    );
    expect(summarizeSetup(result)).toMatch(/TensorFlow 2.9.1 ready, native kernels off \(No C\+\+ compiler/);
  });

  it.skipIf(compiler === undefined)(
    'compiles the kernels of src/ and methods/ into one addon, once',
    async () => {
      const root = folder();
      const cache = folder();
      writeProject(root);
      compileStockLibrary(writeStockTfjsNode(root));
      write(root, {
        'src/native/kernel.h': 'int answer();\n',
        'src/native/addon.cc': VERSION_KERNEL,
        'methods/one/one.cc': '#include "kernel.h"\nint answer() { return 42; }\n',
      });
      const run = () => setUpNative({ root, cache, progress: recordedProgress() });
      const first = await run();
      expect(first.kernels).toBe(true);
      expect(first.steps.at(-1)?.state).toBe('done');
      const addon = kernelsAddonPath({ root, cache, tensorflowVersion: '2.9.1' });
      expect(createRequire(import.meta.url)(addon)).toEqual({ version: '2.9.1' });
      expect((await run()).steps.at(-1)?.state).toBe('cached');
      expect((await nativeStatus({ root, cache, tensorflowVersion: '2.9.1' })).kernels).toBe(addon);

      write(root, { 'methods/one/one.cc': '#include "kernel.h"\nint answer() { return 43; }\n' });
      expect((await run()).steps.at(-1)?.state).toBe('done');
    },
  );

  it.skipIf(compiler === undefined)('compiles anew with another compiler', async () => {
    const root = folder();
    const cache = folder();
    writeProject(root);
    compileStockLibrary(writeStockTfjsNode(root));
    write(root, { 'src/addon.cc': VERSION_KERNEL });
    await setUpNative({ root, cache, progress: recordedProgress() });
    const record = join(
      dirname(kernelsAddonPath({ root, cache, tensorflowVersion: '2.9.1' })),
      'built-with.json',
    );
    writeFileSync(record, '{"compiler": "g++ 4.2"}');
    const result = await setUpNative({ root, cache, progress: recordedProgress() });
    expect(result.steps.at(-1)?.state).toBe('done');
    expect(readFileSync(record, 'utf8')).toContain(compiler?.version);
  });

  it.skipIf(compiler === undefined)(
    'reports a source that does not compile, by name, and goes on without',
    async () => {
      const root = folder();
      const cache = folder();
      writeProject(root);
      compileStockLibrary(writeStockTfjsNode(root));
      write(root, { 'src/addon.cc': VERSION_KERNEL, 'methods/one/one.cc': 'this is not C++' });
      const progress = recordedProgress();
      const result = await setUpNative({ root, cache, progress });
      expect(result.kernels).toBe(false);
      expect(progress.lines.join('\n')).toMatch(/could not compile methods\/one\/one.cc:\n[\s\S]*error/);
    },
  );

  it.skipIf(compiler === undefined)('removes kernels that kill the process', async () => {
    const root = folder();
    const cache = folder();
    writeProject(root);
    compileStockLibrary(writeStockTfjsNode(root));
    write(root, {
      'src/addon.cc': `#include <cstdlib>\n${VERSION_KERNEL}\nstatic int dead = (abort(), 0);\n`,
    });
    const result = await setUpNative({ root, cache, progress: recordedProgress() });
    expect(result.kernels).toBe(false);
    expect(existsSync(kernelsAddonPath({ root, cache, tensorflowVersion: '2.9.1' }))).toBe(false);
  });
});

describe('setUpNative without a working tfjs-node', () => {
  it('names the remedy when there is no compiler, before it downloads anything', async () => {
    const root = folder();
    writeProject(root);
    const cache = folder();
    const run = setUpNative({ root, cache, progress: recordedProgress(), env: { ...offline, PATH: '' } });
    const error = await run.catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    if (process.platform === 'linux')
      expect(error.message).toMatch(/apt install g\+\+.*dnf install.*xcode-select/);
    expect(error.exitCode).toBe(3);
    expect(existsSync(join(cache, 'downloads'))).toBe(false);
  });

  it.skipIf(compiler === undefined)('builds anew where tfjs-node is there and does not load', async () => {
    const root = folder();
    writeProject(root);
    writeStockTfjsNode(root, 'throw new Error("no such library")');
    const path = folder(); // a compiler, but no pip
    const which = process.env.PATH?.split(':').find((place) => existsSync(join(place, 'g++')));
    symlinkSync(join(which ?? '', 'g++'), join(path, 'g++'));
    const run = setUpNative({
      root,
      cache: folder(),
      progress: recordedProgress(),
      env: { ...offline, PATH: path },
    });
    await expect(run).rejects.toThrow(/127.0.0.1:9 could not be reached/); // it went for the wheel
  });

  it.skipIf(process.getuid?.() === 0)('says so when the cache cannot be written', async () => {
    const root = folder();
    writeProject(root);
    const closed = join(folder(), 'closed');
    mkdirSync(closed, { mode: 0o500 });
    const run = setUpNative({ root, cache: join(closed, 'cache'), progress: recordedProgress() });
    await expect(run).rejects.toThrow(/cannot write its files.*TFJS_METHODS_CACHE/);
  });

  it('says so when the cache is not a folder', async () => {
    const root = folder();
    writeProject(root);
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const run = setUpNative({ root, cache: join(file, 'cache'), progress: recordedProgress() });
    await expect(run).rejects.toThrow(/cannot write its files.*TFJS_METHODS_CACHE/);
  });

  it('says so when TensorFlow.js itself is missing', async () => {
    const root = folder();
    write(root, { 'package.json': '{}' });
    await expect(setUpNative({ root, cache: folder(), progress: recordedProgress() })).rejects.toThrow(
      /@tensorflow\/tfjs is not installed/,
    );
  });
});
