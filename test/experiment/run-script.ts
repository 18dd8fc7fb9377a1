import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';

const root = new URL('../..', import.meta.url);
const args = (code: string) => ['--import', 'tsx', '--input-type=module', '-e', code];

/** Runs TypeScript-importing code in a process of its own, with the repository root as its directory. */
export function runScript(code: string): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args(code), { cwd: root, encoding: 'utf8' });
}

/** The same without waiting; resolves to what it printed. */
export function startScript(code: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args(code), { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject).on('close', () => resolve(output));
  });
}
