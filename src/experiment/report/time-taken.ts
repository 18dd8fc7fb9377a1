import type { Summary } from '../summary.ts';

/** Of the process that ended the run: those before it may have been killed, and nobody knows when. `environment` is environment.json. */
export function timeTaken({ seconds }: Summary, environment: unknown): string {
  const { resumed = [] } = (environment ?? {}) as { resumed?: readonly unknown[] };
  const shown = `${seconds.toLocaleString('en-US')} s`;
  if (resumed.length === 0) return shown;
  return `${shown} after it was resumed${resumed.length === 1 ? '' : ` for the last of ${resumed.length} times`}`;
}
