import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, freemem, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Backend } from '../backends/index.ts';
import { packageRoot } from '../native/setup/paths.ts';

export interface Environment {
  /** When the run, or this part of it, began: ISO 8601, UTC. */
  readonly started: string;
  /** Null outside a git checkout. */
  readonly commit: string | null;
  /** True if tracked files differ from the commit; null outside a git checkout. */
  readonly dirty: boolean | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly node: string;
  readonly backend: Backend | null;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Processes that ran or waited over the last minute; 0 where the system does not say. */
  readonly load: number;
  readonly command: readonly string[];
  /** Processes that compute cells at once, each with the threads of the backend. */
  readonly jobs?: number;
}

/** Load per core from which timings can no longer be trusted. */
export const busyLoad = 0.3;

export async function readEnvironment(
  backend: Backend | null,
  command: readonly string[],
): Promise<Environment> {
  const root = packageRoot();
  return {
    started: new Date().toISOString(),
    ...(await readCommit(root)),
    versions: readVersions(root),
    node: process.version,
    backend,
    system: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    load: loadavg()[0] ?? 0,
    command,
  };
}

/** A sentence if other work was running on the machine, else undefined. */
export function busyWarning(environment: Environment): string | undefined {
  const perCore = environment.load / Math.max(1, environment.cores);
  if (perCore < busyLoad) return undefined;
  return `the machine is busy (load ${environment.load.toFixed(1)} on ${environment.cores} cores): times will be too long.`;
}

async function readCommit(root: string): Promise<Pick<Environment, 'commit' | 'dirty'>> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', ['-C', root, ...args])).stdout.trim();
  try {
    // Installed under someone else's checkout, the commit would be theirs.
    if ((await git('rev-parse', '--show-prefix')) !== '') return { commit: null, dirty: null };
    const commit = await git('rev-parse', 'HEAD');
    return { commit, dirty: (await git('status', '--porcelain', '--untracked-files=no')) !== '' };
  } catch {
    return { commit: null, dirty: null };
  }
}

function readVersions(root: string): Record<string, string> {
  const manifest = readManifest(join(root, 'package.json'));
  const names = Object.keys({ ...manifest?.dependencies, ...manifest?.optionalDependencies });
  const versions: Record<string, string> = { 'tfjs-methods': manifest?.version ?? 'unknown' };
  const { resolve } = createRequire(join(root, 'package.json'));
  for (const name of names.sort()) {
    const version = findVersion(name, resolve.paths(name) ?? []);
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}

function findVersion(name: string, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const version = readManifest(join(folder, name, 'package.json'))?.version;
    if (version !== undefined) return version;
  }
  return undefined;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readManifest(file: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}
