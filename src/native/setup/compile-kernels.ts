import { readFileSync } from 'node:fs';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { buildDirectory } from '../../download/build-directory.ts';
import { UserError } from '../../errors.ts';
import type { Compiler } from './compiler.ts';
import { KERNEL_COMPILE_FLAGS, kernelSources } from './kernel-sources.ts';
import { lastLines, runProcess } from './run-process.ts';
import { linkArguments, type TensorflowLibrary } from './tensorflow-library.ts';

const PARALLEL_JOBS = 2;
const RECORD = 'built-with.json';
/** Addons of older sources that are kept, for other checkouts that share the cache. */
const KEPT = 8;

/** Whether the addon is there and was made by this compiler (or there is no compiler to make a newer one). */
export function kernelsAreCurrent(addon: string, compiler: Compiler | undefined): boolean {
  try {
    const built = JSON.parse(readFileSync(join(dirname(addon), RECORD), 'utf8')) as { compiler?: string };
    return compiler === undefined || built.compiler === compiler.version;
  } catch {
    return false;
  }
}

/**
 * Compiles every kernel source below `root` and links them into the one addon `output`.
 *
 * @throws UserError with the compiler's words, naming the source
 */
export async function compileKernels(
  root: string,
  library: TensorflowLibrary,
  compiler: Compiler,
  headers: string,
  output: string,
): Promise<void> {
  const include = [`-I${root}`, `-I${join(root, 'src', 'native')}`, `-I${library.include}`, `-I${headers}`];
  const flags = [...KERNEL_COMPILE_FLAGS, ...machineFlags(), ...include];
  const run = async (args: readonly string[], what: string): Promise<void> => {
    const outcome = await runProcess(compiler.command, [...compiler.args, ...args], { cwd: root });
    if (outcome.code !== 0) {
      throw new UserError(`${compiler.command} could not ${what}:\n${lastLines(outcome, 20)}`, 3);
    }
  };
  await buildDirectory(dirname(output), async (staging) => {
    const sources = kernelSources(root);
    const objects = sources.map((_, index) => join(staging, `${index}.o`));
    const waiting = sources.map((source, index) => async () => {
      await run([...flags, '-c', source, '-o', objects[index] ?? ''], `compile ${relative(root, source)}`);
    });
    const worker = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job();
    };
    // All must have ended before the folder they write to is removed.
    const ended = await Promise.allSettled(Array.from({ length: PARALLEL_JOBS }, worker));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    const link = [
      '-shared',
      '-pthread',
      ...objects,
      '-o',
      join(staging, basename(output)),
      ...linkArguments(library),
    ];
    await run(link, 'link the native kernels');
    for (const object of objects) await rm(object);
    await writeFile(join(staging, RECORD), `${JSON.stringify({ compiler: compiler.version })}\n`);
  });
  await removeOldest(dirname(dirname(output)));
}

/** The addon is for this CPU alone. */
function machineFlags(): string[] {
  return process.platform === 'darwin' && process.arch === 'arm64' ? ['-mcpu=native'] : ['-march=native'];
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
  );
  for (const { name } of dated.sort((a, b) => b.time - a.time).slice(KEPT)) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
