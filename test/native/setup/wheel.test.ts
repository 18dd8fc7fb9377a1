import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { wheelFor } from '../../../src/native/setup/wheel.ts';

describe('wheelFor', () => {
  it('has a pinned wheel for each supported platform', () => {
    const hosts = [
      { platform: 'linux', arch: 'x64', glibc: '2.36' },
      { platform: 'linux', arch: 'arm64', glibc: '2.27' },
      { platform: 'darwin', arch: 'arm64', glibc: undefined },
    ] as const;
    for (const host of hosts) {
      const wheel = wheelFor(host);
      expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(wheel.file).toContain(`${wheel.version}-cp311-${wheel.python.abi}-${wheel.python.platform}.whl`);
      expect(wheel.tested).toBe(host.arch === 'x64');
    }
  });

  it.each([
    [{ platform: 'win32', arch: 'x64', glibc: undefined }, /does not know win32-x64.*--backend wasm.*WSL 2/],
    [
      { platform: 'darwin', arch: 'x64', glibc: undefined },
      /does not know darwin-x64.*linux-x64, linux-arm64, darwin-arm64/,
    ],
    [{ platform: 'freebsd', arch: 'x64', glibc: undefined }, /does not know freebsd-x64/],
    [{ platform: 'linux', arch: 'x64', glibc: undefined }, /GNU C library 2.27.*musl/],
    [{ platform: 'linux', arch: 'x64', glibc: '2.17' }, /GNU C library 2.27 or newer; this system has 2.17/],
  ] as const)('refuses %o and says what works', (host, message) => {
    expect(() => wheelFor(host)).toThrow(message);
    expect(() => wheelFor(host)).toThrow(UserError);
  });
});
