import { closeSync, openSync, readSync } from 'node:fs';
import { cpus } from 'node:os';

/** Enough for the first processor's entry, flags included; the whole file takes long on machines with many cores. */
const FIRST_ENTRY_BYTES = 8192;

/** Lines of /proc/cpuinfo that decide what `-march=native` compiles to (x86, then arm). */
const DECIDING = /^(model name|cpu family|model|stepping|flags|CPU part|CPU variant|Features)\s*:/;

/** Text that differs between CPUs which could not run each other's `-march=native` code. */
export function cpuFingerprint(): string {
  const info = process.platform === 'linux' ? firstProcessor() : '';
  const lines = [...new Set(info.split('\n').filter((line) => DECIDING.test(line)))];
  return lines.length > 0 ? lines.join('\n') : (cpus()[0]?.model ?? 'unknown');
}

function firstProcessor(): string {
  try {
    const file = openSync('/proc/cpuinfo', 'r');
    try {
      const buffer = Buffer.alloc(FIRST_ENTRY_BYTES);
      const text = buffer.toString('utf8', 0, readSync(file, buffer));
      return text.split('\n\n')[0] ?? '';
    } finally {
      closeSync(file);
    }
  } catch {
    return ''; // no /proc
  }
}
