import { Redis } from 'ioredis';
import { UserError } from '../../errors.ts';
import { parseRedisUrl, type RedisAddress, withoutPassword } from './redis-url.ts';

/** Told when the connection is lost in the middle, and when it is there again; everything waits in between. */
export interface RedisWatch {
  away(text: string): void;
  back(text: string): void;
}

/** Options of a connection, as ioredis and BullMQ take them. */
export interface RedisConnection extends RedisAddress {
  readonly maxRetriesPerRequest: null;
  readonly retryStrategy: (times: number) => number | null;
}

export interface RedisServer {
  /** For everything that does not block. */
  readonly client: Redis;
  /** For connections of BullMQ's own: until `end` they reconnect, and their commands wait meanwhile. */
  readonly connection: RedisConnection;
  /** The URL without its password. */
  readonly shown: string;
  /** False while the server is away. */
  isHere(): boolean;
  /** Closes the client; no connection reconnects from here on. */
  end(): void;
}

/** Milliseconds between two attempts to reconnect, at most: a server that is back is noticed soon. */
const longestPause = 1000;

/**
 * Connects to a Redis server.
 *
 * @param url `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. Where it holds no password, the
 *   environment's REDISCLI_AUTH is taken, as `redis-cli` does.
 * @throws UserError with exit code 2 if the URL is none, 3 if the server does not answer, is no Redis or refuses the password
 */
export async function connectRedis(url: string, watch: RedisWatch): Promise<RedisServer> {
  const shown = withoutPassword(url);
  // The first attempt must succeed.
  let reconnects = false;
  const connection: RedisConnection = {
    ...parseRedisUrl(url),
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (reconnects ? Math.min(100 * times, longestPause) : null),
  };
  const client = new Redis({ ...connection, lazyConnect: true, connectTimeout: 10_000 });
  let lastError: Error | undefined;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  try {
    await client.connect();
    await client.ping();
    // A database that there is not is told by an event alone.
    if (lastError !== undefined) throw lastError;
  } catch (error) {
    client.disconnect();
    throw explainRedisError(lastError ?? (error as Error), shown);
  }
  reconnects = true;
  lastError = undefined;
  let isAway = false;
  client.on('close', () => {
    if (isAway || !reconnects) return;
    isAway = true;
    watch.away(`Redis at ${shown} is gone: waiting for it. Nothing is lost.`);
  });
  client.on('ready', () => {
    if (!isAway) return;
    isAway = false;
    watch.back(`Redis at ${shown} is back.`);
  });
  return {
    client,
    connection,
    shown,
    isHere: () => client.status === 'ready',
    end() {
      reconnects = false;
      client.disconnect();
    },
  };
}

function explainRedisError(error: Error, shown: string): UserError {
  const { message } = error;
  if (/NOAUTH/.test(message)) {
    return new UserError(
      `Redis at ${shown} wants a password: --queue redis://:PASSWORD@host, or the environment's REDISCLI_AUTH.`,
      3,
    );
  }
  if (/WRONGPASS|invalid password|without any password configured/.test(message)) {
    return new UserError(`Redis at ${shown} refuses the password or the user (${message}).`, 3);
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (/^E[A-Z]+/.test(code) || /ETIMEDOUT|closed/.test(message)) {
    return new UserError(
      `Redis at ${shown} cannot be reached (${code || message}). Start it with \`redis-server\`, or name another with --queue.`,
      3,
    );
  }
  return new UserError(`${shown} refuses, or is no Redis server: ${message}`, 3);
}
