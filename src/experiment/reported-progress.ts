import type { Message } from './line-process.ts';
import type { Progress, ProgressState } from './progress.ts';

/** Milliseconds between two reports of a cell: a line on a terminal is redrawn about as often. */
const interval = 50;

interface ReportedProgress {
  readonly progress: Progress;
  /** What is told from now on is about this cell. */
  attribute(cellId: string): void;
  /** Sends what is still held back. */
  flush(): void;
}

/** The progress of a process that computes cells, as events for its parent. */
export function reportProgress(send: (event: Message) => void): ReportedProgress {
  let cell: string | undefined;
  let held: { state: ProgressState; units: number } | undefined;
  let sent = Number.NEGATIVE_INFINITY;

  const flush = () => {
    if (held === undefined) return;
    send({ event: 'advance', cell, ...held });
    held = undefined;
    sent = performance.now();
  };
  const progress: Progress = {
    note: (text) => send({ event: 'note', text }),
    warn: (text) => send({ event: 'warn', text }),
    expect(units) {
      if (cell !== undefined) send({ event: 'expect', cell, units });
    },
    advance(state, units = 1) {
      if (cell === undefined) return;
      held = { state, units: units + (held?.units ?? 0) };
      if (performance.now() - sent >= interval) flush();
    },
    finish: flush,
  };
  return {
    progress,
    attribute(cellId) {
      flush();
      cell = cellId;
    },
    flush,
  };
}
