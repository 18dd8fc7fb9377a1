import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { addDiskCommands } from '../../benchmarks/commands/disk-commands.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { captured } from './captured-output.ts';

const folder = temporaryFolders();
let runs: string;

beforeEach(() => {
  runs = folder();
  vi.stubEnv('TFJS_METHODS_CACHE', folder());
  for (const [name, finished] of [
    ['done', true],
    ['stopped', false],
  ] as const) {
    mkdirSync(join(runs, name));
    writeFileSync(join(runs, name, 'config.json'), '{"experiment": "e", "preset": "smoke", "config": {}}');
    if (finished) writeFileSync(join(runs, name, 'summary.json'), '{}');
  }
});

async function command(...args: string[]) {
  const program = new Command('tool').exitOverride().configureOutput({ writeErr() {} });
  let code: number | undefined;
  addDiskCommands(program, {
    done: (exitCode) => {
      code = exitCode;
    },
    invocation: 'tool',
  });
  const { stdout } = await captured(() => program.parseAsync(args, { from: 'user' }));
  return { stdout, code };
}

describe('the command line of data and clean', () => {
  it('lists data sets with data and with data ls', async () => {
    const plain = await command('data');
    expect(plain.stdout).toContain('tool data download tiny-shakespeare');
    expect((await command('data', 'ls')).stdout).toBe(plain.stdout);
    const { directory } = JSON.parse((await command('data', 'ls', '--dir', runs, '--json')).stdout);
    expect(directory).toBe(runs);
    expect(JSON.parse((await command('data', '--json')).stdout).datasets.length).toBeGreaterThan(10);
  });

  it('wants names to download, and known ones', async () => {
    await expect(command('data', 'download')).rejects.toThrow(/missing required argument 'name'/);
    await expect(command('data', 'download', 'enwiki8', '--quiet')).rejects.toThrow(/Did you mean enwik8/);
    await expect(command('data', 'downlod', 'enwik8')).rejects.toThrow(
      "unknown command 'downlod'. Did you mean download? Choose from: ls, download.",
    );
  });

  it('deletes only what clean is told to delete', async () => {
    expect((await command('clean', '--dir', runs)).code).toBe(0);
    expect((await command('clean', '--dir', runs, '--downloads', '--native', '--datasets')).code).toBe(0);
    expect((await command('clean', '--dir', runs, '--runs', '--dry-run')).stdout).toMatch(/would be deleted/);
    expect(readdirSync(runs)).toEqual(['done', 'stopped']);
    await command('clean', '--runs', '--dir', runs);
    expect(readdirSync(runs)).toEqual(['done']);
    await command('clean', '--runs', 'unfinished', '--dir', runs);
    expect(readdirSync(runs)).toEqual(['done']);
    await command('clean', '--runs', 'all', '--dir', runs);
    expect(readdirSync(runs)).toEqual([]);
  });

  it('refuses other words after --runs', async () => {
    await expect(command('clean', '--runs', 'everything')).rejects.toThrow(/Choose from: unfinished, all/);
    await expect(command('clean', 'runs')).rejects.toThrow(/too many arguments/);
  });
});
