import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildDirectory } from '../../download/build-directory.ts';
import { UserError } from '../../errors.ts';
import type { Compiler } from './compiler.ts';
import { tfjsAddonPath } from './paths.ts';
import { lastLines, runProcess } from './run-process.ts';
import { linkArguments, type TensorflowLibrary } from './tensorflow-library.ts';
import { NODE_API_VERSION, TFJS_NODE_VERSION } from './versions.ts';

const ADDON = 'tfjs_binding.node';

/** Where the cache keeps tfjs-node's addon compiled against a library. */
export function cachedAddon(cache: string, library: TensorflowLibrary): string {
  const { platform, arch } = process;
  const name = `addon-${TFJS_NODE_VERSION}-tf${library.version}-${platform}-${arch}-napi${NODE_API_VERSION}`;
  return join(cache, name, ADDON);
}

/**
 * Compiles tfjs-node's own, unchanged binding against a library into `output`: one compiler call, no node-gyp.
 *
 * @throws UserError with the compiler's last words
 */
export async function compileAddon(
  tfjsNode: string,
  library: TensorflowLibrary,
  compiler: Compiler,
  headers: string,
  output: string,
): Promise<void> {
  await buildDirectory(dirname(output), async (staging) => {
    const outcome = await runProcess(
      compiler.command,
      [
        ...[...compiler.args, '-O2', '-std=c++17', '-shared', '-fPIC', `-DNAPI_VERSION=${NODE_API_VERSION}`],
        ...['-Ibinding', `-I${library.include}`, `-I${headers}`],
        ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-o', join(staging, ADDON)],
        ...linkArguments(library),
      ],
      { cwd: tfjsNode },
    );
    if (outcome.code !== 0) {
      throw new UserError(
        `${compiler.command} could not compile tfjs-node's addon:\n${lastLines(outcome, 20)}`,
        3,
      );
    }
  });
}

/** Copies a compiled addon to where tfjs-node loads it from. */
export async function layAddon(addon: string, tfjsNode: string): Promise<void> {
  const target = tfjsAddonPath(tfjsNode);
  const staging = `${target}.${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  try {
    await copyFile(addon, staging);
    await rename(staging, target); // never into a file that a running process has mapped
  } finally {
    await rm(staging, { force: true });
  }
}
