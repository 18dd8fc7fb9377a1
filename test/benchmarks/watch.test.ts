import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFolder } from '../experiment/tensorboard/decode-events.ts';
import { count, finished, goOn, storedCells } from '../support/counting-runs.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const folder = temporaryFolders();
const patience = 120_000;
const small = ['--set', 'cells=8', '--set', 'steps=6', '--set', 'pause=30', '--jobs', '1'];

/** Takes the address that `--watch` says, once, and calls with it. */
function onAddress(
  visit: (url: string, child: ChildProcess) => void,
): (text: string, child: ChildProcess) => void {
  let said = '';
  let visited = false;
  return (text, child) => {
    said += text;
    const url = /The report grows at (http:\S+)\n/.exec(said)?.[1];
    if (url === undefined || visited) return;
    visited = true;
    visit(url, child);
  };
}

describe('run --watch', { timeout: patience }, () => {
  it('serves the report while it grows, to this machine alone, lets an open page see the end, and closes', async () => {
    const out = join(folder(), 'run');
    let address = '';
    let last: Promise<{ version: string; ended: boolean; body?: string }> | undefined;
    const follow = async (url: string) => {
      const page = await fetch(url);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await page.text()).toContain('<title>Counting</title>');
      for (let version = ''; ; ) {
        const news = await (await fetch(`${url}state?${version}`)).json();
        version = news.version;
        if (news.ended) return news;
        expect(news.progress === '' || news.progress.includes(' of 8 cells finished')).toBe(true);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    const { code, stdout } = await count(out, [...small, '--watch', '--json'], {
      onStderr: onAddress((url) => {
        address = url;
        last = follow(url);
      }),
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'met' });
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await last).toMatchObject({ version: '8-finished', ended: true });
    await expect(fetch(address)).rejects.toThrow();
  });

  it('closes when the run is interrupted', async () => {
    const out = join(folder(), 'run');
    let address = '';
    const { code } = await count(out, [...small, '--watch'], {
      onStderr: onAddress((url, child) => {
        address = url;
        void fetch(url).then(() => child.kill('SIGINT'));
      }),
    });
    expect(code).toBe(130);
    await expect(fetch(address)).rejects.toThrow();
  });
});

describe('run --tensorboard', { timeout: patience }, () => {
  /** The steps of the curve of each cell, as a reader of all its files meets them. */
  const steps = (out: string) =>
    Object.fromEntries(
      readdirSync(join(out, 'tensorboard'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => [
          `${name}.json`,
          decodeFolder(join(out, 'tensorboard', name))
            .filter(({ values }) => values.some(({ tag }) => tag === 'loss'))
            .map(({ step }) => step),
        ]),
    );
  const once = [1, 2, 3, 4, 5, 6];

  it('writes each cell as it is done; resumed, with or without it, nothing is missing or doubled', async () => {
    const out = join(folder(), 'run');
    let sent = false;
    const stopped = await count(out, [...small, '--tensorboard'], {
      onStderr(text, child) {
        if (sent || !text.includes('To do')) return;
        sent = true;
        void finished(out, 2).then(() => child.kill('SIGINT'));
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/--resume --tensorboard\n/);
    const done = storedCells(out).map(({ name }) => name);
    expect(done.length).toBeGreaterThanOrEqual(2);
    expect(steps(out)).toEqual(Object.fromEntries(done.map((name) => [name, once])));

    expect((await goOn(out, {}, ['--jobs', '1'])).code).toBe(0);
    expect(Object.keys(steps(out))).toEqual(done);
    expect((await goOn(out, {}, ['--tensorboard'])).code).toBe(0);
    const all = storedCells(out).map(({ name }) => name);
    expect(all).toHaveLength(8);
    expect(steps(out)).toEqual(Object.fromEntries(all.map((name) => [name, once])));
  });

  it('says where there is nothing to write', async () => {
    const out = join(folder(), 'run');
    const { code, stderr } = await count(out, ['--set', 'cells=4', '--set', 'steps=0', '--tensorboard']);
    expect(code).toBe(0);
    expect(stderr).toContain('Warning: --tensorboard: counting has no curves to write.');
    expect(existsSync(join(out, 'tensorboard'))).toBe(false);
  });
});
