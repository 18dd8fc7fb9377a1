/** Where a candidate's time goes. */
export interface CandidateTimes {
  readonly seconds: number;
  /** Of it, what the first two steps of each phase took beyond two of its other steps: these record the step. */
  readonly recordingSeconds: number;
}

/** Times the steps of one candidate's training. */
export class CandidateClock {
  readonly #started = performance.now();
  #last = this.#started;
  /** Seconds of the steps of each phase. */
  readonly #steps: number[][] = [];

  /** A step of a phase, from 0, is over. */
  tick(phase: number): void {
    const now = performance.now();
    const steps = this.#steps[phase] ?? [];
    this.#steps[phase] = steps;
    steps.push((now - this.#last) / 1000);
    this.#last = now;
  }

  /** What was done since the last step was no part of the next. */
  restart(): void {
    this.#last = performance.now();
  }

  times(): CandidateTimes {
    const recording = this.#steps.map(([first = 0, second = 0, ...others]) => {
      const typical = others.sort((a, b) => a - b)[others.length >> 1] ?? 0;
      return Math.max(0, first + second - 2 * typical);
    });
    return {
      seconds: (performance.now() - this.#started) / 1000,
      recordingSeconds: recording.reduce((sum, seconds) => sum + seconds, 0),
    };
  }
}
