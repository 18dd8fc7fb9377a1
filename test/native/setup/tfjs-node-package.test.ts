import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cachedAddon, compileAddon, layAddon } from '../../../src/native/setup/compile-addon.ts';
import { tfjsAddonPath, tfjsNodeDirectory } from '../../../src/native/setup/paths.ts';
import { layTfjsNode, tfjsNodeIsWhole } from '../../../src/native/setup/tfjs-node-package.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { write, writeProject } from './fake-project.ts';

const folder = temporaryFolders();

/** An npm that "installs" a tfjs-node with one dependency of its own and leaves a note of how it was called. */
function fakeNpm(): { path: string; note: string } {
  const path = folder();
  const note = join(path, 'note.json');
  const script = `#!${process.execPath}
const fs = require('node:fs');
const put = (file, text) => {
  fs.mkdirSync(require('node:path').dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
};
fs.writeFileSync(${JSON.stringify(note)}, JSON.stringify({
  args: process.argv.slice(2), cwd: process.cwd(), env: process.env, manifest: JSON.parse(fs.readFileSync('package.json')),
}));
put('node_modules/@tensorflow/tfjs-node/package.json', '{"name": "@tensorflow/tfjs-node"}');
put('node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc', '');
put('node_modules/@tensorflow/tfjs-node/binding/tfjs_binding.cc', '');
put('node_modules/@tensorflow/tfjs/package.json', '{"name": "@tensorflow/tfjs", "version": "stand-in"}');
for (const name of ['@mapbox/node-pre-gyp', 'google-protobuf', 'progress', '.bin'])
  put('node_modules/' + name + '/index.js', '');
`;
  writeFileSync(join(path, 'npm'), script);
  chmodSync(join(path, 'npm'), 0o755);
  return { path, note };
}

describe.skipIf(process.platform === 'win32')('layTfjsNode', () => {
  it('lays tfjs-node with its dependencies beside the one TensorFlow.js', async () => {
    const root = folder();
    writeProject(root);
    const cache = folder();
    const { path, note } = fakeNpm();
    const target = tfjsNodeDirectory(root);
    expect(tfjsNodeIsWhole(target)).toBe(false);
    await layTfjsNode(cache, target, { PATH: path });
    expect(tfjsNodeIsWhole(target)).toBe(true);
    expect(readdirSync(join(target, 'node_modules')).sort()).toEqual([
      '@mapbox',
      'google-protobuf',
      'progress',
    ]);
    const tfjs = createRequire(join(target, 'package.json'))('@tensorflow/tfjs/package.json');
    expect(tfjs.version).toBe('4.22.0');
    const called = JSON.parse(readFileSync(note, 'utf8'));
    expect(called.args).toContain('--ignore-scripts');
    expect(called.cwd.startsWith(cache)).toBe(true);
    expect(called.manifest.overrides).toEqual({ '@tensorflow/tfjs': 'file:./stand-ins/tfjs' });
    expect(readdirSync(join(root, 'node_modules', '@tensorflow')).sort()).toEqual(['tfjs', 'tfjs-node']);
  });

  it('needs npm only the first time', async () => {
    const cache = folder();
    await layTfjsNode(cache, join(folder(), 'tfjs-node'), { PATH: fakeNpm().path });
    const second = join(folder(), 'tfjs-node');
    await layTfjsNode(cache, second, { PATH: '' });
    expect(tfjsNodeIsWhole(second)).toBe(true);
  });

  it('keeps registry settings of the outer npm and drops those that would misguide the inner one', async () => {
    const { path, note } = fakeNpm();
    await layTfjsNode(folder(), join(folder(), 'tfjs-node'), {
      PATH: path,
      npm_config_cache: '/npm-cache',
      npm_config_https_proxy: 'proxy',
      npm_config_global: 'true',
      npm_config_omit: 'dev',
      npm_config_local_prefix: '/project',
      npm_package_name: 'project',
      INIT_CWD: '/project',
      NODE_ENV: 'production',
    });
    const { env } = JSON.parse(readFileSync(note, 'utf8'));
    expect(env).toMatchObject({ npm_config_cache: '/npm-cache', npm_config_https_proxy: 'proxy' });
    for (const name of [
      'npm_config_global',
      'npm_config_omit',
      'npm_config_local_prefix',
      'npm_package_name',
      'NODE_ENV',
    ])
      expect(env).not.toHaveProperty(name);
  });

  it("passes on npm's words and leaves the cache clean", async () => {
    const path = folder();
    writeFileSync(join(path, 'npm'), '#!/bin/sh\necho "npm error network timeout" >&2\nexit 1\n');
    chmodSync(join(path, 'npm'), 0o755);
    const cache = folder();
    await expect(layTfjsNode(cache, join(folder(), 'tfjs-node'), { PATH: path })).rejects.toThrow(
      /npm could not fetch @tensorflow\/tfjs-node@4.22.0: npm error network timeout/,
    );
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('compileAddon', () => {
  const library = { version: '2.21.0', directory: '/lib, really', files: ['a.so.2'], include: '/include' };

  /** A compiler that writes its arguments where the addon should go. */
  function fakeCompiler(script: string) {
    const command = join(folder(), 'c++');
    writeFileSync(command, `#!/bin/sh\n${script}\n`);
    chmodSync(command, 0o755);
    return { command, args: ['--wrapped'], version: 'fake 1.0' };
  }

  it('compiles both sources in one call and lays the result where tfjs-node looks', async () => {
    const cache = folder();
    const tfjsNode = folder();
    const output = cachedAddon(cache, library);
    const compiler = fakeCompiler(
      'for a; do [ "$last" = -o ] && out=$a; last=$a; done; printf "%s\\n" "$@" > "$out"',
    );
    await compileAddon(tfjsNode, library, compiler, '/headers', output);
    await layAddon(output, tfjsNode);
    const args = readFileSync(tfjsAddonPath(tfjsNode), 'utf8').trim().split('\n');
    expect(args[0]).toBe('--wrapped');
    expect(args).toEqual(
      expect.arrayContaining(['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-I/include']),
    );
    if (process.platform === 'linux')
      expect(args.slice(-4)).toEqual(['-Xlinker', '-rpath', '-Xlinker', '/lib, really']);
    expect(readdirSync(join(tfjsNode, 'lib', 'napi-v8'))).toEqual(['tfjs_binding.node']);
  });

  it("throws the compiler's words and caches nothing", async () => {
    const cache = folder();
    const output = cachedAddon(cache, library);
    const compiler = fakeCompiler('echo "fatal error: no node_api.h" >&2; exit 1');
    mkdirSync(cache, { recursive: true });
    await expect(compileAddon(folder(), library, compiler, '/headers', output)).rejects.toThrow(
      /could not compile tfjs-node's addon:\nfatal error: no node_api.h/,
    );
    expect(existsSync(output)).toBe(false);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('replaces an addon that was there before', async () => {
    const tfjsNode = folder();
    write(tfjsNode, { 'lib/napi-v8/tfjs_binding.node': 'old', 'new.node': 'new' });
    await layAddon(join(tfjsNode, 'new.node'), tfjsNode);
    expect(readFileSync(tfjsAddonPath(tfjsNode), 'utf8')).toBe('new');
  });
});
