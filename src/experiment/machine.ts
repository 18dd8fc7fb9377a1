import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** CPU time in ticks of the kernel (10 ms on Linux), since the machine started. */
export interface CpuTicks {
  /** Every core together, work of any kind, time stolen by other guests of the host included. */
  readonly busy: number;
  /** Every core together, busy or not. */
  readonly total: number;
}

/** Reads the first line of /proc/stat. Idle time and time waiting for a disk are not work. */
export function parseCpuTicks(stat: string): CpuTicks {
  const fields = (stat.split('\n', 1)[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number);
  // user nice system idle iowait irq softirq steal
  const total = fields.reduce((sum, ticks) => sum + ticks, 0);
  return { busy: total - (fields[3] ?? 0) - (fields[4] ?? 0), total };
}

export interface ProcessTicks {
  readonly parent: number;
  /** Of the process and of the children that it has waited for. */
  readonly ticks: number;
}

/** Reads /proc/PID/stat. The command's name may hold blanks and brackets, so fields are counted from the last bracket. */
export function parseProcessTicks(stat: string): ProcessTicks {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // state ppid … utime stime cutime cstime are fields 3, 4, 14–17 of proc(5)
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), ticks };
}

/**
 * Tells how much of the machine others used while something was timed: everything but this process and the process trees
 * named. Works where there is a /proc; elsewhere it cannot tell.
 */
export class LoadWatch {
  readonly #roots: readonly number[];
  readonly #start: CpuTicks | undefined;
  readonly #ownStart: number;

  constructor(roots: readonly number[] = []) {
    this.#roots = roots;
    this.#start = cpuTicks();
    this.#ownStart = this.#start === undefined ? 0 : ownTicks(roots);
  }

  /** Share of all cores that others used since construction, in [0, 1]; undefined where it cannot be told. */
  others(): number | undefined {
    const now = cpuTicks();
    if (this.#start === undefined || now === undefined) return undefined;
    const total = now.total - this.#start.total;
    if (total <= 0) return 0;
    const own = ownTicks(this.#roots) - this.#ownStart;
    // Each counter is rounded to a tick, on each core.
    const rounding = availableParallelism() + 2;
    return Math.max(0, now.busy - this.#start.busy - own - rounding) / total;
  }
}

function cpuTicks(): CpuTicks | undefined {
  const stat = readIfThere('/proc/stat');
  return stat === undefined ? undefined : parseCpuTicks(stat);
}

/** Ticks of this process alone and of the trees below `roots`. */
function ownTicks(roots: readonly number[]): number {
  const all = new Map<number, ProcessTicks>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readIfThere(`/proc/${entry}/stat`);
    if (stat !== undefined) all.set(Number(entry), parseProcessTicks(stat));
  }
  const within = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.parent) {
      if (roots.includes(at)) return true;
    }
    return false;
  };
  let ticks = 0;
  for (const [pid, entry] of all) if (pid === process.pid || within(pid)) ticks += entry.ticks;
  return ticks;
}

/** A process may end between being listed and being read. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
