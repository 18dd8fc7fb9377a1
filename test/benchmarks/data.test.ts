import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dataDownloadCommand, dataListCommand } from '../../benchmarks/commands/data.ts';
import { formatBytes } from '../../benchmarks/commands/format-bytes.ts';
import { datasets } from '../../src/data/datasets/index.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { captured } from './captured-output.ts';

const folder = temporaryFolders();
const shakespeare = fileURLToPath(new URL('../../../shared/data/lm/tinyshakespeare.txt', import.meta.url));

describe('data ls', () => {
  it('shows every set with size, terms and whether it is here', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'enwik8'));
    writeFileSync(join(dir, 'enwik8', 'mine.txt'), '');
    const { stdout } = await captured(() => dataListCommand({ dir }, 'tool'));
    for (const { name, licence } of datasets)
      expect(stdout).toMatch(new RegExp(`^${name} .*${licence.slice(0, 8)}`, 'm'));
    expect(stdout).toMatch(/^sst-2 +7\.4 MB +no +none stated$/m);
    expect(stdout).toMatch(/^enwik8 +36\.4 MB .*enwik8 holds other files/m);
    expect(stdout).toContain(
      'For wikitext-2 and wikitext-103-raw none is known: the first download is trusted',
    );
    expect(stdout).toContain('tool data download tiny-shakespeare');
  });

  it('prints JSON', async () => {
    const dir = folder();
    const { stdout } = await captured(() => dataListCommand({ dir, json: true }, 'tool'));
    const listed = JSON.parse(stdout);
    expect(listed.directory).toBe(dir);
    expect(listed.datasets).toHaveLength(datasets.length);
    expect(listed.datasets[0]).toMatchObject({
      name: 'tiny-shakespeare',
      state: 'absent',
      sha256Known: true,
    });
  });
});

describe('data download', () => {
  it('knows no such set', async () => {
    await expect(dataDownloadCommand(['sst'], { dir: folder() })).rejects.toThrow(
      /No data set is called sst\. Did you mean sst-2/,
    );
  });

  it('asks for nothing when one name of several is wrong', async () => {
    const dir = folder();
    await expect(dataDownloadCommand(['cola', 'colla'], { dir })).rejects.toThrow(
      /called colla\. Did you mean cola/,
    );
    expect(readdirSync(dir)).toEqual([]);
  });

  it.skipIf(!existsSync(shakespeare))('takes a real set that was put there by hand', async () => {
    const dir = folder();
    const place = join(dir, '.downloads', 'tiny-shakespeare');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'input.txt'), readFileSync(shakespeare));
    const path = join(dir, 'tiny-shakespeare');
    const first = await captured(() => dataDownloadCommand(['Tiny-Shakespeare'], { dir, quiet: true }));
    expect(first.stdout).toBe(`tiny-shakespeare  ${path}\n`);
    expect(readFileSync(join(path, 'input.txt')).equals(readFileSync(shakespeare))).toBe(true);
    const second = await captured(() => dataDownloadCommand(['tiny-shakespeare'], { dir, json: true }));
    expect(JSON.parse(second.stdout)).toEqual([{ name: 'tiny-shakespeare', path, fetched: false }]);
    const listed = await captured(() => dataListCommand({ dir }, 'tool'));
    expect(listed.stdout).toContain(path);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [99_951, '100 kB'],
    [999_600, '1.0 MB'],
    [312_783_507, '313 MB'],
    [2.5e12, '2.5 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
