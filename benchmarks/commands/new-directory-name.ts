import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A directory that does not exist yet: `runs/came-convergence-20261124-061530`, by the local clock. */
export function newDirectoryName(parent: string, experiment: string, now = new Date()): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const first = join(parent, `${experiment}-${day}-${time}`);
  let name = first;
  for (let count = 2; existsSync(name); count++) name = `${first}-${count}`;
  return name;
}
