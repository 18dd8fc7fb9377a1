/** What a run tells while it goes on. Everything goes to stderr: stdout is for results. */
export interface Progress {
  /** A line that stays: what was chosen, what begins. Silent under `--quiet`. */
  note(text: string): void;
  /** A line that stays, also under `--quiet`. */
  warn(text: string): void;
  /** States the work still to do, in units of about equal length (steps, say); the time left is reckoned from it. */
  expect(units: number): void;
  /** `units` more are done (default 1); shows where the run is, such as `came lr 1e-3 seed 2`. */
  advance(state: ProgressState, units?: number): void;
  /** Ends the line that is redrawn. */
  finish(): void;
}

export interface ProgressState {
  readonly label: string;
  readonly step?: number;
  readonly steps?: number;
  /** Shown after the step as `name value`, such as `{ loss: 1.93, validation: 2.01 }`. */
  readonly values?: Readonly<Record<string, number>>;
}
