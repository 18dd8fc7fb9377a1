import { expect } from 'vitest';
import { runCli } from './run-cli.ts';

/** The help of a command line; its exit code is 0 and nothing is on stderr. */
export async function help(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli([...words, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}
