import type { Progress, ProgressState } from './progress.ts';

/** What is told of cells that are computed, several at once maybe. */
export interface CellsProgress {
  /** A line that stays. What several processes say alike is shown once. */
  note(text: string): void;
  warn(text: string): void;
  /** The cell has so many more units (steps, say) to do. */
  expect(cellId: string, units: number): void;
  /** So many more of them are done. */
  advance(cellId: string, state: ProgressState, units: number): void;
}

/** One line for all cells of a run. */
export interface MergedProgress extends CellsProgress {
  /** So many cells of the run were there already. */
  found(cells: number): void;
  done(cellId: string): void;
}

interface Units {
  expected: number;
  done: number;
  over: boolean;
}

/**
 * Merges what all cells tell into one line. A cell that has not begun is reckoned as long as the longest so far.
 *
 * @param count how many cells the run has in all
 */
export function mergeProgress(progress: Progress, count: number): MergedProgress {
  const cells = new Map<string, Units>();
  const said = new Set<string>();
  let [missing, finished, announced, longest] = [count, 0, 0, 0];
  let together = false;

  const unitsOf = (cellId: string): Units => {
    const units = cells.get(cellId) ?? { expected: 0, done: 0, over: false };
    cells.set(cellId, units);
    return units;
  };
  const reckon = () => {
    const known = [...cells.values()].filter(({ expected, over }) => expected > 0 || over);
    const sum = known.reduce((total, { expected }) => total + expected, 0);
    const whole = sum + Math.max(0, missing - known.length) * longest;
    if (whole !== announced) progress.expect(whole - announced);
    announced = whole;
  };
  const once = (text: string, say: (text: string) => void) => {
    if (!said.has(text)) say(text);
    said.add(text);
  };

  return {
    note: (text) => once(text, (line) => progress.note(line)),
    warn: (text) => once(text, (line) => progress.warn(line)),
    found(number) {
      missing -= number;
      finished += number;
      reckon();
    },
    expect(cellId, number) {
      const units = unitsOf(cellId);
      units.expected += number;
      longest = Math.max(longest, units.expected);
      reckon();
    },
    advance(cellId, state, number) {
      unitsOf(cellId).done += number;
      const begun = [...cells.values()];
      // From then on, so that the line does not change its form all the time.
      together ||= begun.filter(({ over }) => !over).length > 1;
      if (!together) {
        const label = count > 1 ? `cell ${finished + 1}/${count}  ${state.label}` : state.label;
        progress.advance({ ...state, label }, number);
        return;
      }
      const step = begun.reduce((sum, { done }) => sum + done, 0);
      progress.advance({ label: `${finished}/${count} cells done`, step, steps: announced }, number);
    },
    done(cellId) {
      const units = unitsOf(cellId);
      units.expected = units.done;
      units.over = true;
      finished++;
      reckon();
    },
  };
}
