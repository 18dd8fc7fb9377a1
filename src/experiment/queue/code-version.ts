import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { packageRoot } from '../../native/setup/paths.ts';
import { readEnvironment } from '../environment.ts';

/**
 * What tells one state of this package's code from another: `0.1.0`, in a git checkout `0.1.0@8c44cc8a1b2c`, and where tracked
 * code differs from the commit `0.1.0@8c44cc8a1b2c+1f2e3d4c`, the last a digest of the difference. Where git cannot tell, as in
 * an image of a container, the environment's TFJS_METHODS_CODE can: it is taken as it is.
 */
export async function codeVersion(): Promise<string> {
  const named = process.env.TFJS_METHODS_CODE;
  if (named) return named;
  const { commit, dirty, versions } = await readEnvironment(null, []);
  const version = versions['tfjs-methods'] ?? 'unknown';
  if (commit === null) return version;
  const difference = dirty ? await codeDifference() : '';
  const changed =
    difference === '' ? '' : `+${createHash('sha256').update(difference).digest('hex').slice(0, 8)}`;
  return `${version}@${commit.slice(0, 12)}${changed}`;
}

/** Of the folders that decide results; a change to the README matters to no worker. */
async function codeDifference(): Promise<string> {
  const folders = ['src', 'methods', 'benchmarks', 'package-lock.json'];
  const { stdout } = await promisify(execFile)(
    'git',
    ['-C', packageRoot(), 'diff', 'HEAD', '--', ...folders],
    {
      maxBuffer: 2 ** 28,
    },
  );
  return stdout;
}
