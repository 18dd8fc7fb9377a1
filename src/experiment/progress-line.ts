import pc from 'picocolors';
import type { Progress, ProgressState } from './progress.ts';

export interface ProgressOptions {
  readonly quiet: boolean;
  /** Where to write; a terminal gets one line that is redrawn, anything else plain lines now and then. */
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly colour: boolean;
  /** Milliseconds between two drawings: default 100 on a terminal, 10,000 elsewhere. */
  readonly interval?: number;
  /** Milliseconds, monotonic; replaced in tests. */
  readonly now?: () => number;
}

/** Rates are taken over this many milliseconds, so that a change of contestant shows and a hiccup does not. */
const rateWindow = 5_000;

/** Progress for people: step, loss, rate and time left. */
export function progressLine(options: ProgressOptions): Progress {
  const { stream, quiet } = options;
  const terminal = stream.isTTY === true;
  const now = options.now ?? (() => performance.now());
  const interval = options.interval ?? (terminal ? 100 : 10_000);
  const colours = pc.createColors(options.colour);
  const marks: { time: number; done: number }[] = [];
  let expected = 0;
  let done = 0;
  let begun: number | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawn = false;

  const clear = () => {
    if (drawn) stream.write('\r\x1b[K');
    drawn = false;
  };

  return {
    note(text) {
      if (quiet) return;
      clear();
      stream.write(`${text}\n`);
    },
    warn(text) {
      clear();
      stream.write(`${colours.yellow('Warning:')} ${text}\n`);
    },
    expect(units) {
      expected += units;
    },
    advance(state, units = 1) {
      const time = now();
      // The first unit holds loading and graph capture: the clock starts after it.
      if (begun === undefined) {
        begun = time;
        expected -= units;
      } else done += units;
      marks.push({ time, done });
      while (marks.length > 2 && time - (marks[0]?.time ?? time) > rateWindow) marks.shift();
      if (quiet || time - drawnAt < interval) return;
      drawnAt = time;
      const oldest = marks[0] ?? { time, done };
      const rate = time > oldest.time ? (1000 * (done - oldest.done)) / (time - oldest.time) : undefined;
      const left = done > 0 ? ((time - begun) * (expected - done)) / done : undefined;
      const text = describe(state, rate, left);
      if (terminal) {
        // Some pseudo-terminals say that they have 0 columns.
        stream.write(`\r\x1b[K${text.slice(0, Math.max(10, (stream.columns || 80) - 1))}`);
        drawn = true;
      } else stream.write(`${text}\n`);
    },
    finish: clear,
  };
}

function describe(state: ProgressState, rate: number | undefined, left: number | undefined): string {
  const parts = [state.label];
  if (state.step !== undefined) {
    parts.push(`step ${state.step}${state.steps === undefined ? '' : `/${state.steps}`}`);
  }
  for (const [name, value] of Object.entries(state.values ?? {})) parts.push(`${name} ${value.toFixed(3)}`);
  if (rate !== undefined && rate > 0) {
    parts.push(rate >= 10 ? `${rate.toFixed(0)} steps/s` : `${rate.toPrecision(2)} steps/s`);
  }
  if (left !== undefined && left >= 0) parts.push(`${duration(left / 1000)} left`);
  return parts.join('  ');
}

/** `51 s`, `6 min 40 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600)
    return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
