import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface IndexServerOptions {
  readonly project: string;
  readonly file: string;
  readonly content: Buffer;
  /** Answers the index page in HTML, as old mirrors do. */
  readonly html?: boolean;
  /** Ignores Range headers. */
  readonly noRanges?: boolean;
  /** Cuts the first so many file answers in the middle. */
  readonly cuts?: number;
  /** Answers the file with this status. */
  readonly status?: number;
}

export interface IndexServer {
  /** What PIP_INDEX_URL would be. */
  readonly url: string;
  /** The Range header of every request for the file, '' for none. */
  readonly ranges: string[];
  readonly authorizations: (string | undefined)[];
  close(): Promise<void>;
}

/** A Python package index on localhost that knows one file. */
export async function startIndexServer(options: IndexServerOptions): Promise<IndexServer> {
  const ranges: string[] = [];
  const authorizations: (string | undefined)[] = [];
  let cuts = options.cuts ?? 0;
  const answerFile = (request: IncomingMessage, response: ServerResponse): void => {
    const range = request.headers.range ?? '';
    ranges.push(range);
    const start = options.noRanges ? 0 : Number(/bytes=(\d+)-/.exec(range)?.[1] ?? 0);
    const body = options.content.subarray(start);
    const last = options.content.length - 1;
    response.writeHead(options.status ?? (options.noRanges ? 200 : 206), {
      'content-length': body.length,
      ...(options.noRanges ? {} : { 'content-range': `bytes ${start}-${last}/${options.content.length}` }),
    });
    if (cuts-- <= 0) response.end(body);
    else response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 20));
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    authorizations.push(request.headers.authorization);
    if (request.url === `/simple/${options.project}/`) answerPage(response, options);
    else if (request.url === `/files/${options.file}`) answerFile(request, response);
    else response.writeHead(404).end();
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`,
    ranges,
    authorizations,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answerPage(response: ServerResponse, { file, html }: IndexServerOptions): void {
  const page = html
    ? `<!DOCTYPE html><a href="../../files/another.whl">another.whl</a><a href="../../files/${file}#sha256=00">${file}</a>`
    : JSON.stringify({
        files: [
          { filename: 'another.whl', url: '/x' },
          { filename: file, url: `/files/${file}` },
        ],
      });
  response
    .writeHead(200, { 'content-type': html ? 'text/html' : 'application/vnd.pypi.simple.v1+json' })
    .end(page);
}
