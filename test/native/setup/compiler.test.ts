import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCompiler, requireCompiler } from '../../../src/native/setup/compiler.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();

function program(path: string, name: string, script: string): void {
  writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(path, name), 0o755);
}

describe.skipIf(process.platform === 'win32')('findCompiler', () => {
  it('takes the first that answers', async () => {
    const PATH = folder();
    program(PATH, 'g++', 'exit 1');
    program(PATH, 'clang++', 'echo "clang 19"; echo more');
    expect(await findCompiler({ PATH })).toEqual({ command: 'clang++', args: [], version: 'clang 19' });
  });

  it('obeys CXX, wrapper included', async () => {
    const PATH = folder();
    program(PATH, 'ccache', '[ "$1" = g++ ] && echo "g++ 14"');
    program(PATH, 'g++', 'echo "g++ 12"');
    expect(await findCompiler({ PATH, CXX: 'ccache g++' })).toEqual({
      command: 'ccache',
      args: ['g++'],
      version: 'g++ 14',
    });
  });

  it('names a CXX that does not run', async () => {
    await expect(requireCompiler({ PATH: folder(), CXX: 'g++-99' })).rejects.toThrow(
      /CXX=g\+\+-99 does not run/,
    );
  });

  it('names the packages that bring one', async () => {
    await expect(requireCompiler({ PATH: folder() })).rejects.toThrow(/No C\+\+ compiler.*apt install g\+\+/);
  });
});
