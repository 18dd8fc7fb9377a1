import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildDirectory } from '../../download/build-directory.ts';
import { UserError } from '../../errors.ts';
import { lastLines, runProcess } from './run-process.ts';

/**
 * Settings that an outer `npm install` hands to its scripts and that would send an inner one to the wrong place or make it
 * leave things out. Registry, proxy, certificates and npm's own cache are kept.
 */
const OUTER_SETTINGS =
  /^npm_config_(global|location|prefix|local_prefix|workspaces?|include_workspace_root|omit|include|only|production|dev|optional|dry_run|package_lock|package_lock_only|save.*|ignore_scripts|install_strategy|install_links|global_style|json|loglevel|call|package)$/i;

/**
 * Installs one npm package into a folder of its own inside the cache, without running its scripts.
 *
 * @param standIns packages of which an empty stand-in is enough, because the project has the real one
 * @returns the folder's `node_modules`
 */
export async function npmInCache(
  cache: string,
  name: string,
  version: string,
  standIns: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const folder = join(cache, `${basename(name)}-${version}`);
  const modules = join(folder, 'node_modules');
  if (existsSync(join(modules, name, 'package.json'))) return modules;
  await buildDirectory(folder, async (staging) => {
    await writeManifests(staging, name, version, standIns);
    const [command, ...args] = npmCommand(env);
    const outcome = await runProcess(
      command,
      [...args, 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'],
      { cwd: staging, env: innerEnvironment(env) },
    );
    if (outcome.code !== 0) {
      throw new UserError(
        `npm could not fetch ${name}@${version}: ${lastLines(outcome)}\nCheck the network and run this again.`,
        3,
      );
    }
    for (const standIn of standIns)
      await rm(join(staging, 'node_modules', standIn), { recursive: true, force: true });
  });
  return modules;
}

async function writeManifests(
  folder: string,
  name: string,
  version: string,
  standIns: readonly string[],
): Promise<void> {
  const overrides: Record<string, string> = {};
  for (const standIn of standIns) {
    const place = join('stand-ins', basename(standIn));
    overrides[standIn] = `file:./${place}`;
    await mkdir(join(folder, place), { recursive: true });
    await writeFile(join(folder, place, 'package.json'), JSON.stringify({ name: standIn, version }));
  }
  const manifest = {
    name: 'tfjs-methods-cache',
    private: true,
    dependencies: { [name]: version },
    overrides,
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
}

/** The npm that runs us, if one does; else the one on the PATH. */
function npmCommand(env: NodeJS.ProcessEnv): [string, ...string[]] {
  const script = env.npm_execpath ?? '';
  if (basename(script) === 'npm-cli.js') return [process.execPath, script];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

function innerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([key]) => !OUTER_SETTINGS.test(key) && !/^(npm_(package|lifecycle)_|INIT_CWD$|NODE_ENV$)/.test(key),
  );
  return Object.fromEntries(kept);
}
