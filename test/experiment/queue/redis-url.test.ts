import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { parseRedisUrl, withoutPassword } from '../../../src/experiment/queue/redis-url.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('parseRedisUrl', () => {
  it('reads host, port, database, user, password and TLS', () => {
    vi.stubEnv('REDISCLI_AUTH', '');
    expect(parseRedisUrl('redis://host')).toEqual({ host: 'host', port: 6379, db: 0 });
    expect(parseRedisUrl('redis://[::1]:7000/2')).toEqual({ host: '::1', port: 7000, db: 2 });
    expect(parseRedisUrl('rediss://me:a%40b@host')).toEqual({
      host: 'host',
      port: 6379,
      db: 0,
      username: 'me',
      password: 'a@b',
      tls: {},
    });
  });

  it('takes the password of the environment where the URL has none', () => {
    vi.stubEnv('REDISCLI_AUTH', 'sesame');
    expect(parseRedisUrl('redis://host').password).toBe('sesame');
    expect(parseRedisUrl('redis://:open@host').password).toBe('open');
  });

  it.each([
    ['localhost', 'is not a URL'],
    ['http://host', 'begins with redis:// or rediss://'],
    ['redis://', 'the host is missing'],
    ['redis://host/two', "'two' is not the number of a database"],
    ['redis://host:70000', 'is not a URL'],
  ])('refuses %s as a mistake of the user', (url, why) => {
    expect(() => parseRedisUrl(url)).toThrow(UserError);
    expect(() => parseRedisUrl(url)).toThrow(why);
  });

  it('shows no password in its refusals', () => {
    expect(() => parseRedisUrl('redis://:sesame@host/two')).toThrow('--queue redis://:…@host/two');
    expect(withoutPassword('run x --queue=redis://me:sesame@host:1 --seeds 3')).toBe(
      'run x --queue=redis://me:…@host:1 --seeds 3',
    );
    expect(withoutPassword('redis://host:1/0')).toBe('redis://host:1/0');
  });
});
