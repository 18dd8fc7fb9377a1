import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server does wrong; each is done the first so many times that a file is asked for. */
export interface Faults {
  /** Answers with these statuses, one a request, before it behaves. */
  statuses?: number[];
  /** Ends the connection in the middle of what it was asked for. */
  cuts?: number;
  /** Sends a part and then nothing more. */
  stalls?: number;
  /** Claims to be whole after the first half, without a Content-Length. */
  short?: number;
  /** Turns one bit of the body. */
  corrupt?: number;
  noRanges?: boolean;
  /** No Content-Length, no total in Content-Range. */
  noLengths?: boolean;
}

export interface FileServer {
  readonly url: string;
  /** By path, such as `/a.zip`; may be changed while it runs. */
  readonly files: Map<string, Buffer>;
  readonly faults: Faults;
  /** `path range`, for each request. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Files on localhost, with ranges and entity tags as a good server has them, and with the faults of bad ones. */
export async function startFileServer(files: Readonly<Record<string, Buffer>>): Promise<FileServer> {
  const served = new Map(Object.entries(files));
  const faults: Faults = {};
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? ''}`);
    answer(request, response, served.get(request.url ?? ''), faults);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: served,
    faults,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  file: Buffer | undefined,
  faults: Faults,
): void {
  const status = faults.statuses?.shift();
  if (status !== undefined || file === undefined) {
    response.writeHead(status ?? 404, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>');
    return;
  }
  const tag = `"${file.length}-${file[0]}"`;
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const same = request.headers['if-range'] === undefined || request.headers['if-range'] === tag;
  const partial = range !== null && same && faults.noRanges !== true;
  const start = partial ? Number(range[1]) : 0;
  if (start >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
    return;
  }
  const body = Buffer.from(file.subarray(start));
  if (take('corrupt')) body[body.length >> 1] = (body[body.length >> 1] as number) ^ 1;
  const short = take('short');
  const unsaid = short || faults.noLengths === true;
  response.writeHead(partial ? 206 : 200, {
    etag: tag,
    ...(unsaid ? {} : { 'content-length': body.length }),
    ...(partial
      ? { 'content-range': `bytes ${start}-${file.length - 1}/${unsaid ? '*' : file.length}` }
      : {}),
  });
  const half = body.subarray(0, body.length >> 1);
  if (short) response.end(half);
  else if (take('cuts')) response.write(half, () => setTimeout(() => response.destroy(), 20));
  else if (take('stalls')) response.write(half);
  else response.end(body);

  function take(fault: 'cuts' | 'stalls' | 'short' | 'corrupt'): boolean {
    const left = faults[fault] ?? 0;
    if (left > 0) faults[fault] = left - 1;
    return left > 0;
  }
}
