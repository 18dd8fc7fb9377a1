import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type DownloadOptions, download } from '../../src/download/download.ts';
import { silent } from '../../src/download/progress.ts';
import { sourceOf } from '../../src/download/source.ts';
import { UserError } from '../../src/errors.ts';
import { type FileServer, startFileServer } from '../support/file-server.ts';
import { recordedProgress } from '../support/recorded-progress.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const folder = temporaryFolders();
const content = randomBytes(300_000); // several chunks
const times = { attempts: 3, retryMs: 1, stallMs: 2000 };
const remedy = 'Or do something else.';
let server: FileServer;

afterEach(() => server?.close());

async function serve(faults: FileServer['faults'] = {}) {
  server = await startFileServer({ '/a.bin': content });
  Object.assign(server.faults, faults);
  const file = join(folder(), 'a.bin');
  const fetch = (changes: Partial<DownloadOptions> = {}) =>
    download(sourceOf(`${server.url}/a.bin`), file, {
      bytes: content.length,
      progress: silent,
      times,
      remedy,
      ...changes,
    });
  return { server, file, fetch };
}

const errorOf = (promise: Promise<unknown>): Promise<UserError> =>
  promise.then(
    () => expect.unreachable('no error'),
    (error) => {
      expect(error).toBeInstanceOf(UserError);
      return error;
    },
  );

describe('download', () => {
  it('shows how far it is and leaves the file alone in its folder', async () => {
    const { file, fetch } = await serve();
    const progress = recordedProgress();
    await fetch({ progress });
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(readdirSync(join(file, '..'))).toEqual(['a.bin']);
    expect(progress.steps.at(-1)).toBe('Downloading a.bin 300000/300000');
  });

  it('continues the part of an earlier run', async () => {
    const { file, fetch, server } = await serve();
    writeFileSync(`${file}.part`, content.subarray(0, 100_000));
    await fetch();
    expect(server.requests).toEqual(['/a.bin bytes=100000-']);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('needs no request for a part that is whole', async () => {
    const { file, fetch, server } = await serve();
    writeFileSync(`${file}.part`, content);
    await fetch();
    expect(server.requests).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });

  it('drops a part that is too long', async () => {
    const { file, fetch } = await serve();
    writeFileSync(`${file}.part`, Buffer.concat([content, content]));
    await fetch();
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it.each([
    ['cut connections', { cuts: 2 }],
    ['connections that fall silent', { stalls: 1 }],
    ['an end that comes too early', { short: 2 }],
    ['errors that pass', { statuses: [500, 503] }],
    ['too many requests', { statuses: [429] }],
    ['a server without ranges', { noRanges: true, cuts: 1 }],
  ])('outlives %s', async (_, faults) => {
    const { file, fetch } = await serve(structuredClone(faults));
    await fetch({ times: { ...times, stallMs: 100 } });
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it.each([
    ['cut', { cuts: 9 }, /did not deliver a.bin in 3 attempts: .+ Check the network and run this again/],
    ['short', { short: 9 }, /the connection ended after \d+ of 300000 bytes/],
    ['stalled', { stalls: 9 }, /nothing came for 0\.1 s/],
    ['failing', { statuses: [500, 502, 503] }, /in 3 attempts: it answers 503.*Or do something else\./],
  ])('gives up on a server that is %s, keeps what came and says so', async (what, faults, message) => {
    const { file, fetch } = await serve(structuredClone(faults));
    const error = await errorOf(fetch({ times: { ...times, stallMs: 100 } }));
    expect(error.message).toMatch(message);
    expect(error.message).toContain('what was downloaded so far is kept');
    expect(error.exitCode).toBe(3);
    const kept = existsSync(`${file}.part`) ? readFileSync(`${file}.part`) : Buffer.alloc(0);
    expect(kept.length > 100_000).toBe(what !== 'failing');
    expect(content.subarray(0, kept.length).equals(kept)).toBe(true);
  });

  it.each([404, 410, 403, 401])('takes %d as final', async (status) => {
    const { fetch, server } = await serve({ statuses: [status] });
    const error = await errorOf(fetch());
    expect(error.message).toMatch(
      new RegExp(`^127.0.0.1:\\d+ answers ${status} for a.bin.*Or do something else`),
    );
    expect(server.requests).toHaveLength(1);
  });

  it('refuses a file of another size before it takes any of it', async () => {
    const { file, fetch } = await serve();
    const error = await errorOf(fetch({ bytes: 1234 }));
    expect(error.message).toMatch(/sends another a.bin .*300000 bytes where 1234 are expected/);
    expect(existsSync(file)).toBe(false);
  });

  it('refuses more bytes than there should be where no size was said', async () => {
    const { file, fetch } = await serve({ noLengths: true });
    expect((await errorOf(fetch({ bytes: 1234 }))).message).toMatch(/where 1234 are expected/);
    expect(existsSync(file)).toBe(false);
  });

  it('says what a missing network looks like', async () => {
    const { file } = await serve();
    const nowhere = sourceOf('http://no-such-host.invalid/a.bin');
    const error = await errorOf(download(nowhere, file, { progress: silent, times, remedy }));
    expect(error.message).toMatch(/^no-such-host.invalid could not be reached \(.+\)\. Check the network/);
  });

  it('says what a closed port looks like', async () => {
    const { fetch, server } = await serve();
    await server.close();
    expect((await errorOf(fetch())).message).toMatch(/could not be reached \(it refuses connections\)/);
  });

  it('gives up on a server that takes the connection and never answers', async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    const source = sourceOf(`http://127.0.0.1:${port}/a.bin`);
    const quick = { attempts: 2, retryMs: 1, stallMs: 50 };
    const error = await errorOf(
      download(source, join(folder(), 'a.bin'), { progress: silent, times: quick, remedy }),
    );
    expect(error.message).toMatch(/in 2 attempts: nothing came for 0.05 s/);
    mute.close();
  });
});

describe('download of a file whose size is not known', () => {
  it('believes the server, and begins an old part anew', async () => {
    const { file, fetch, server } = await serve();
    writeFileSync(`${file}.part`, 'of another version');
    await fetch({ bytes: undefined });
    expect(server.requests).toEqual(['/a.bin bytes=0-']);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('continues after a cut', async () => {
    const { file, fetch, server } = await serve({ cuts: 1 });
    await fetch({ bytes: undefined });
    expect(server.requests).toHaveLength(2);
    expect(server.requests[1]).not.toBe('/a.bin bytes=0-');
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('never joins two versions of it', async () => {
    const { file, fetch, server } = await serve({ cuts: 1 });
    const changed = Buffer.from(content);
    changed[0] = (changed[0] as number) ^ 255;
    const progress = { ...silent, bytes: () => void server.files.set('/a.bin', changed) };
    await fetch({ bytes: undefined, progress });
    expect(readFileSync(file).equals(changed)).toBe(true);
  });

  it('ends where the server ends that says no length', async () => {
    const { file, fetch } = await serve({ noLengths: true });
    await fetch({ bytes: undefined });
    expect(readFileSync(file).equals(content)).toBe(true);
  });
});
