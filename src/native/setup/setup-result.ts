/** What a step did: `done` now, found `cached`, or `skipped` because it was not needed or not possible (see detail). */
export interface SetupStep {
  readonly name: string;
  readonly state: 'done' | 'cached' | 'skipped';
  readonly seconds: number;
  readonly detail: string;
}

export interface SetupResult {
  readonly steps: readonly SetupStep[];
  readonly tensorflowVersion: string;
  /** Whether our native kernels are usable; otherwise optimizers run op by op. */
  readonly kernels: boolean;
  readonly tfjsNode: string;
}

type StepOutcome<T> = readonly [state: SetupStep['state'], detail: string, value: T];

/** Keeps the record of the steps and their times. */
export class SetupSteps {
  readonly all: SetupStep[] = [];

  add(step: SetupStep): void {
    this.all.push(step);
  }

  async run<T>(name: string, action: () => Promise<StepOutcome<T>>): Promise<T> {
    const start = performance.now();
    const [state, detail, value] = await action();
    this.add({ name, state, seconds: (performance.now() - start) / 1000, detail });
    return value;
  }
}

/** One line: what is there now and how long it took. */
export function summarizeSetup(result: SetupResult): string {
  const seconds = result.steps.reduce((sum, step) => sum + step.seconds, 0);
  const kernels = result.steps.find((step) => step.name === 'native kernels');
  const state = result.kernels
    ? 'native kernels on'
    : `native kernels off (${kernels?.detail ?? 'not compiled'})`;
  return `TensorFlow ${result.tensorflowVersion} ready, ${state} (${seconds.toFixed(1)} s)`;
}
