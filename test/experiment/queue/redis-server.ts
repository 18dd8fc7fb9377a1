import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** Tests that need a server skip where there is none. */
export const hasRedisServer = spawnSync('redis-server', ['--version']).status === 0;

if (!hasRedisServer) console.warn('redis-server is not on the PATH: the tests of the queue are skipped');

/** A redis-server of its own, with persistence, on a free port; `stop` and `start` keep its data. */
export class TestRedis {
  readonly #folder = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly #extra: readonly string[];
  #port = 0;
  #child: ChildProcess | undefined;

  constructor(...extra: string[]) {
    this.#extra = extra;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#port ||= await freePort();
    const args = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#folder];
    const child = spawn('redis-server', [...args, '--appendonly', 'yes', '--save', '', ...this.#extra], {
      stdio: 'ignore',
    });
    this.#child = child;
    const client = this.client();
    const ended = new Promise<never>((_, reject) => {
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
    });
    ended.catch(() => {}); // it may end later, when it is stopped
    // A server that wants a password is there, too.
    const answer = client.ping().catch((error) => {
      if (!/NOAUTH/.test(String(error))) throw error;
    });
    await Promise.race([answer, ended]).finally(() => client.disconnect());
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A client that waits for the server. */
  client(): Redis {
    const client = new Redis(this.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
    client.on('error', () => {});
    return client;
  }

  /** All keys but those that BullMQ keeps for a queue as a whole. */
  async cellKeys(): Promise<string[]> {
    const client = this.client();
    const keys = await client.keys('*');
    client.disconnect();
    const ofQueue = /:(meta|id|events|marker|stalled-check|stalled)$/;
    return keys.filter((key) => !ofQueue.test(key) && !key.startsWith('tfjs-methods:worker:')).sort();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
