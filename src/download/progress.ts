import picocolors from 'picocolors';

/** Where a download or a set-up says what it does. Nothing is ever written to stdout: `npm pack --json` and others read that. */
export interface Progress {
  line(text: string): void;
  /** How far a long step is; the same label until `done` reaches `total` (bytes). */
  bytes(label: string, done: number, total: number): void;
}

export const silent: Progress = { line() {}, bytes() {} };

interface TextStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BAR_WIDTH = 30;
const REDRAW_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** A bar that redraws one line on a terminal; elsewhere a plain line every ten per cent. Honours NO_COLOR. */
export function streamProgress(
  stream: TextStream = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): Progress {
  const terminal = stream.isTTY === true && env.TERM !== 'dumb';
  const colors = picocolors.createColors(terminal && (env.NO_COLOR ?? '') === '');
  let open = false; // a bar stands on the current line
  let drawnAt = 0;
  let lastTenth = -1;

  const drawBar = (label: string, done: number, total: number): void => {
    const now = Date.now();
    if (done < total && now - drawnAt < REDRAW_MS) return;
    drawnAt = now;
    const filled = Math.round((BAR_WIDTH * done) / total);
    const bar = colors.green('█'.repeat(filled)) + colors.dim('░'.repeat(BAR_WIDTH - filled));
    stream.write(`${CLEAR_LINE}${label} ${bar} ${megabytes(done)} of ${megabytes(total)} MB`);
    open = done < total;
    if (!open) stream.write('\n');
  };

  const writeTenth = (label: string, done: number, total: number): void => {
    const tenth = Math.floor((10 * done) / total);
    if (tenth < lastTenth) lastTenth = -1; // a new step began
    if (tenth === lastTenth) return;
    lastTenth = tenth === 10 ? -1 : tenth;
    stream.write(`${label}: ${10 * tenth} % of ${megabytes(total)} MB\n`);
  };

  return {
    line(text) {
      if (open) stream.write(CLEAR_LINE);
      open = false;
      stream.write(`${text}\n`);
    },
    bytes(label, done, total) {
      if (total <= 0) return;
      (terminal ? drawBar : writeTenth)(label, Math.min(done, total), total);
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
