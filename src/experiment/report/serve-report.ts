import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import type { RunAbout, RunStatus } from './growing-report.ts';
import { liveScript } from './live-script.ts';
import { LiveState } from './live-state.ts';
import { pageHtml } from './page.ts';

export interface LiveReportOptions extends RunAbout {
  /** Asked each time an open page asks. */
  readonly status?: () => RunStatus;
  /** Default: any free port. */
  readonly port?: number;
  /** How often an open page asks, in milliseconds; default 1000. */
  readonly interval?: number;
}

export interface LiveReport {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string;
  /** Lets open pages see the end, for at most two of their intervals, and stops. */
  close(): Promise<void>;
}

/**
 * Serves the growing report of a run directory to this machine alone: it listens on 127.0.0.1 and answers no request that was meant
 * for another name, so that no web page can read it by pointing its own name here. Nothing of it keeps the process alive.
 */
export async function serveReport(directory: string, options: LiveReportOptions): Promise<LiveReport> {
  const { port = 0, interval = 1000 } = options;
  const state = new LiveState(directory, options);
  let told: (() => void) | undefined;
  let asked = false;
  const server = createServer((request, response) => {
    const refusal = refuse(request, (server.address() as AddressInfo | null)?.port);
    if (refusal !== undefined) {
      send(response, refusal, 'text/plain', 'This report is for this machine alone.\n');
      return;
    }
    asked = true;
    const [path, query = ''] = (request.url ?? '/').split('?');
    try {
      if (path === '/') send(response, 200, 'text/html', page(state, options, interval));
      else if (path === '/state') {
        if (state.ended) response.once('finish', () => told?.());
        send(response, 200, 'application/json', JSON.stringify(state.since(query)));
      } else send(response, 404, 'text/plain', 'There is nothing here.\n');
    } catch (error) {
      // Whatever it is, the run is worth more than the page that shows it.
      send(response, 500, 'text/plain', `The report cannot be made: ${String(error)}\n`);
    }
  });
  await listen(server, port);
  server.unref();
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: async () => {
      state.ended = true;
      if (asked)
        await Promise.race([
          new Promise<void>((resolve) => {
            told = resolve;
          }),
          sleep(2 * interval),
        ]);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function page(state: LiveState, { title }: RunAbout, interval: number): string {
  const { body, charts } = state.report();
  return pageHtml({ title, body, charts, live: liveScript(interval) });
}

/** The status that says why a request is not answered; undefined for one that is. */
function refuse({ headers, method }: IncomingMessage, port: number | undefined): number | undefined {
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`) return 403;
  return method === 'GET' ? undefined : 405;
}

function send(response: ServerResponse, code: number, type: string, text: string): void {
  response.writeHead(code, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  response.end(text);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new UserError(`Port ${port} is in use: the report cannot be watched there.`)
          : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
