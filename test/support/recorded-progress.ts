import type { Progress } from '../../src/download/progress.ts';

/** Remembers what would have been printed. */
export function recordedProgress(): Progress & { readonly lines: string[]; readonly steps: string[] } {
  const lines: string[] = [];
  const steps: string[] = [];
  return {
    lines,
    steps,
    line: (text) => lines.push(text),
    bytes: (label, done, total) => steps.push(`${label} ${done}/${total}`),
  };
}
