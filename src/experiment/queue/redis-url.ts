import { UserError } from '../../errors.ts';

const example = 'redis://host:6379';

/** Of a Redis server, in ioredis's words. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: object;
}

/** For messages and files: the text with `…` for the password of every URL in it. */
export function withoutPassword(text: string): string {
  return text.replace(/(\w+:\/\/[^:@/\s]*):[^@/\s]*@/g, '$1:…@');
}

export function withoutPasswords(words: readonly string[]): string[] {
  return words.map(withoutPassword);
}

/**
 * Reads `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. Where it holds no password, the
 * environment's REDISCLI_AUTH is taken, as `redis-cli` does.
 * @throws UserError if it is no such URL
 */
export function parseRedisUrl(text: string): RedisAddress {
  const shown = withoutPassword(text);
  const refuse = (what: string) => new UserError(`--queue ${shown}: ${what}. Give a URL such as ${example}`);
  if (!URL.canParse(text)) throw refuse('this is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw refuse(`a queue is a Redis server, so the URL begins with redis:// or rediss://`);
  if (url.hostname === '') throw refuse('the host is missing');
  if (!/^(\/\d*)?$/.test(url.pathname))
    throw refuse(`'${url.pathname.slice(1)}' is not the number of a database`);
  const password = url.password === '' ? process.env.REDISCLI_AUTH : decodeURIComponent(url.password);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1)),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(password === undefined || password === '' ? {} : { password }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
