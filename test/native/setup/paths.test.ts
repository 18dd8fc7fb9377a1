import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheDirectory, kernelsAddonPath, packageRoot } from '../../../src/native/setup/paths.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { write } from './fake-project.ts';

const folder = temporaryFolders();

describe('cacheDirectory', () => {
  it('is TFJS_METHODS_CACHE where that is set', () => {
    expect(cacheDirectory({ TFJS_METHODS_CACHE: '/mine', XDG_CACHE_HOME: '/xdg' })).toBe('/mine');
  });

  it.skipIf(process.platform !== 'linux')('follows XDG_CACHE_HOME, else ~/.cache', () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/tfjs-methods');
    expect(cacheDirectory({ XDG_CACHE_HOME: '' })).toBe(join(homedir(), '.cache', 'tfjs-methods'));
  });
});

describe('kernelsAddonPath', () => {
  it('changes with every source, header and TensorFlow, and with nothing else', () => {
    const root = folder();
    write(root, {
      'src/a.cc': '1',
      'src/deep/b.h': '1',
      'methods/one/c.cc': '1',
      'src/a.ts': '1',
      'test/d.cc': '1',
    });
    const path = (tensorflowVersion = '2.21.0') =>
      kernelsAddonPath({ root, cache: '/cache', tensorflowVersion });
    const seen = [path()];
    for (const file of ['src/a.cc', 'src/deep/b.h', 'methods/one/c.cc']) {
      write(root, { [file]: '2' });
      seen.push(path());
    }
    seen.push(path('2.9.1'));
    expect(new Set(seen).size).toBe(5);
    const before = path();
    write(root, { 'src/a.ts': '2', 'test/d.cc': '2' });
    expect(path()).toBe(before);
    expect(before).toMatch(/kernels.[0-9a-f]{24}.tfjs_methods_kernels.node$/);
  });

  it('needs no milliseconds to speak of at start-up', () => {
    kernelsAddonPath(); // the file cache of the system
    const start = performance.now();
    kernelsAddonPath();
    expect(performance.now() - start).toBeLessThan(100); // 1 ms here; generous for a busy machine
  });
});

describe('packageRoot', () => {
  it('is the folder of our package.json', () => {
    expect(existsSync(join(packageRoot(), 'src', 'native', 'setup', 'paths.ts'))).toBe(true);
  });
});
