import { UserError } from '../../errors.ts';
import { runProcess } from './run-process.ts';

export interface Compiler {
  readonly command: string;
  /** Arguments that come with it (`CXX="ccache g++"`). */
  readonly args: readonly string[];
  /** First line of `--version`. */
  readonly version: string;
}

/** CXX if set, else the first of g++, c++, clang++ that answers. */
export async function findCompiler(env: NodeJS.ProcessEnv = process.env): Promise<Compiler | undefined> {
  const named = (env.CXX ?? '').trim();
  const candidates = named === '' ? ['g++', 'c++', 'clang++'] : [named];
  for (const candidate of candidates) {
    const [command = '', ...args] = candidate.split(/\s+/);
    const outcome = await runProcess(command, [...args, '--version'], { env, timeoutMs: 20_000 });
    if (outcome.code === 0) return { command, args, version: outcome.stdout.split('\n')[0]?.trim() ?? '' };
  }
  return undefined;
}

/** @throws UserError naming the packages that bring a compiler */
export async function requireCompiler(env: NodeJS.ProcessEnv = process.env): Promise<Compiler> {
  const compiler = await findCompiler(env);
  if (compiler !== undefined) return compiler;
  const looked = env.CXX ? `CXX=${env.CXX} does not run` : 'none of g++, c++ and clang++ was found';
  throw new UserError(
    `No C++ compiler: ${looked}. Install one and run this again: Debian or Ubuntu "apt install g++", ` +
      'Fedora "dnf install gcc-c++", macOS "xcode-select --install".',
    3,
  );
}
