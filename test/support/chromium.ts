import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** A Chromium of this machine that starts, found on the PATH; undefined where there is none, which is said once. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .filter((file) => existsSync(file))
    .find((file) => spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined) console.warn(`No Chromium on the PATH (${names.join(', ')}): skipped.`);
  return found;
}
