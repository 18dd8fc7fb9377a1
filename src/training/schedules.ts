import { UserError } from '../errors.ts';

/** The learning rate of a step. Steps count from 0: `schedule(0)` is the rate of the first update. */
export type Schedule = (step: number) => number;

interface WarmUp {
  /** The rate at the end of the warm-up. */
  readonly peak: number;
  /** Steps of linear warm-up, default 0: step s < warmup has the rate peak · (s + 1) / warmup. */
  readonly warmup?: number;
}

interface Decay extends WarmUp {
  /** Steps of the whole run, warm-up included. */
  readonly total: number;
  /** The rate from step `total` on, default 0. */
  readonly final?: number;
}

/** A schedule as plain JSON, for configurations and checkpoints. */
export type ScheduleDescription =
  | ({ readonly kind: 'constant' } & WarmUp)
  | ({ readonly kind: 'linear' } & Decay)
  | ({ readonly kind: 'cosine' } & Decay)
  | ({
      readonly kind: 'polynomial' /** Of the decay, default 1 (linear). */;
      readonly power?: number;
    } & Decay);

/**
 * The schedule of a description, a pure function of the step.
 *
 * Warm-up: lr(s) = peak · (s + 1) / warmup for s < warmup, so that no update has the rate 0 and step warmup − 1 is the first with the
 * peak. (Hugging Face's `get_*_schedule_with_warmup` has s / warmup: the same one step later, and its first update is lost.)
 *
 * Then, with the progress p = (s − warmup) / (total − warmup) held within [0, 1], as there:
 *
 *   constant     peak
 *   linear       final + (peak − final) (1 − p)
 *   cosine       final + (peak − final) (1 + cos πp) / 2      (SGDR, eq. 5, one cycle)
 *   polynomial   final + (peak − final) (1 − p)^power
 *
 * The last update, step total − 1, is still a little above `final`, so that with final = 0 it is not lost either.
 *
 * @throws UserError if a number is out of range: rates negative or not finite, final above peak, warm-up longer than the run
 */
export function scheduleFrom(description: ScheduleDescription): Schedule {
  validate(description);
  const { kind, peak, warmup = 0 } = description;
  const decayed = kind === 'constant' ? () => peak : decay(description, shape(description));
  return (step) => {
    if (!(step >= 0)) throw new RangeError(`Steps count from 0, got ${step}.`);
    return step < warmup ? (peak * (step + 1)) / warmup : decayed(step);
  };
}

const KINDS: readonly string[] = ['constant', 'linear', 'cosine', 'polynomial'];

type Decaying = Exclude<ScheduleDescription, { kind: 'constant' }>;

/** 1 at progress 0, 0 at progress 1. */
function shape(description: Decaying): (progress: number) => number {
  switch (description.kind) {
    case 'linear':
      return (progress) => 1 - progress;
    case 'cosine':
      return (progress) => (1 + Math.cos(Math.PI * progress)) / 2;
    case 'polynomial': {
      const { power = 1 } = description;
      return (progress) => (1 - progress) ** power;
    }
  }
}

function decay(description: Decaying, remaining: (progress: number) => number): Schedule {
  const { peak, warmup = 0, total, final = 0 } = description;
  return (step) => {
    if (step >= total) return final;
    return final + (peak - final) * remaining((step - warmup) / (total - warmup));
  };
}

function validate(description: ScheduleDescription): void {
  const { kind, peak, warmup = 0 } = description;
  if (!KINDS.includes(kind))
    throw new UserError(`There is no '${kind}' schedule; there are ${KINDS.join(', ')}.`);
  demand(Number.isFinite(peak) && peak >= 0, kind, 'peak', peak, 'a rate that is not negative');
  demand(isCount(warmup), kind, 'warmup', warmup, 'a number of steps');
  if (kind === 'constant') return;
  const { total, final = 0 } = description;
  demand(isCount(total) && total > 0, kind, 'total', total, 'a positive number of steps');
  demand(warmup <= total, kind, 'warmup', warmup, `at most the ${total} steps of the run`);
  demand(final >= 0 && final <= peak, kind, 'final', final, `between 0 and the peak ${peak}`);
  if (kind === 'polynomial') {
    const { power = 1 } = description;
    demand(Number.isFinite(power) && power > 0, kind, 'power', power, 'a positive number');
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function demand(holds: boolean, kind: string, field: string, value: number, wanted: string): void {
  if (!holds) throw new UserError(`The ${kind} schedule's ${field} must be ${wanted}, got ${value}.`);
}
