import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LiveReport, serveReport } from '../../../src/experiment/report/serve-report.ts';
import { writeRun } from './stored-fixture.ts';

describe('serveReport', () => {
  let folder: string;
  let live: LiveReport;
  const about = { title: 'A run', question: 'Does it?', invocation: 'cli', interval: 20 };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'serve-'));
    writeRun(folder);
    rmSync(join(folder, 'summary.json'));
    live = await serveReport(folder, { ...about, status: () => ({ planned: 9 }) });
  });
  afterEach(async () => {
    await live.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(
    path: string,
    options: { host?: string; method?: string } = {},
  ): Promise<{ code: number; text: string }> {
    const { hostname, port, host } = new URL(live.url);
    return new Promise((resolve, reject) => {
      const { method = 'GET' } = options;
      const headers = { host: options.host ?? host };
      const asking = request({ agent: false, hostname, port, path, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text }));
      });
      asking.on('error', reject).end();
    });
  }

  it('answers for this machine by its two names only', async () => {
    const { port } = new URL(live.url);
    expect(live.url).toBe(`http://127.0.0.1:${port}/`);
    expect((await ask('/')).code).toBe(200);
    expect((await ask('/', { host: `localhost:${port}` })).code).toBe(200);
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1.evil.example:${port}`,
      `0.0.0.0:${port}`,
    ]) {
      const { code, text } = await ask('/state', { host });
      expect({ host, code }).toEqual({ host, code: 403 });
      expect(text).not.toContain('came');
    }
  });

  it('listens on no other address of the machine', async () => {
    const other = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    if (other === undefined) return console.warn('This machine has no other address: skipped.');
    const refused = await new Promise<string | undefined>((resolve) => {
      const socket = connect(Number(new URL(live.url).port), other);
      socket.on('connect', () => socket.destroy() && resolve(undefined));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(refused).toBe('ECONNREFUSED');
  });

  it('has nothing but the page and its news', async () => {
    expect((await ask('/../config.json')).code).toBe(404);
    expect((await ask('/', { method: 'POST' })).code).toBe(405);
    expect((await ask('//')).code).toBe(404);
  });

  it('sends the report only where the page shows another, and progress always', async () => {
    const first = JSON.parse((await ask('/state?')).text) as Record<string, unknown>;
    expect(first).toMatchObject({ version: '6', ended: false });
    expect(first.body).toContain('Cells so far');
    const second = JSON.parse((await ask('/state?6')).text) as Record<string, unknown>;
    expect(Object.keys(second)).toEqual(['version', 'progress', 'ended']);
    expect(second.progress).toContain('6 of 9 cells finished');
  });

  it('says what is damaged, and goes on', async () => {
    writeFileSync(join(folder, 'cells', 'zz.json'), '{"cell"');
    const { code, text } = await ask('/state?');
    expect(code).toBe(200);
    expect((JSON.parse(text) as { body: string }).body).toContain('zz.json is damaged: it is not JSON.');
    rmSync(join(folder, 'cells', 'zz.json'));
    expect((JSON.parse((await ask('/state?')).text) as { body: string }).body).toContain('Cells so far');
  });

  it('refuses a port that is taken, in words', async () => {
    const port = Number(new URL(live.url).port);
    await expect(serveReport(folder, { ...about, port })).rejects.toThrow(`Port ${port} is in use`);
  });

  it('tells an open page of the end before it closes', async () => {
    expect((await ask('/state?')).code).toBe(200);
    const closing = live.close();
    expect(JSON.parse((await ask('/state?6')).text)).toMatchObject({ ended: true });
    await closing;
    await expect(ask('/')).rejects.toThrow('ECONNREFUSED');
  });
});
