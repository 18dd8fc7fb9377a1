import { UserError } from '../../../src/errors.ts';
import type { DistillationManner } from './modes.ts';

export interface LayerMapOptions {
  readonly teacherLayers: number;
  readonly studentLayers: number;
  /** Candidates of a search are trained by a map of their own in the authors' code. Default false. */
  readonly searching?: boolean;
}

/**
 * The teacher's layer, from 0, from which each of the student's learns: t(l). Its output is hidden state t(l) + 1.
 *
 *   (l + 1)·g − 1    g = ⌊N_T/N_S⌋     the last layer of each group of g
 *   l·g + 1                            the second: the authors' search; the same for g = 2
 *   ⌈(l + 1)·N_T/N_S⌉ − 1              mended: the same as the first for whole groups, and always ends with the teacher's last
 *
 * @throws UserError for a teacher with fewer layers than the student, or a map beyond its last layer
 */
export function layerMap(options: LayerMapOptions, manner: DistillationManner): number[] {
  const { teacherLayers, studentLayers, searching = false } = options;
  if (teacherLayers < studentLayers) {
    throw new UserError(
      `A teacher of ${teacherLayers} layers cannot teach a student of ${studentLayers}: it needs at least as many.`,
    );
  }
  const group = Math.floor(teacherLayers / studentLayers); // g
  const second = searching && manner.searchedLayers === 'second of each group';
  const map = Array.from({ length: studentLayers }, (_, l) => {
    if (second) return l * group + 1;
    if (manner.groups === 'equal') return (l + 1) * group - 1;
    return Math.ceil(((l + 1) * teacherLayers) / studentLayers) - 1;
  });
  if ((map.at(-1) as number) >= teacherLayers) {
    throw new UserError(
      `The authors' map for searches, l·${group} + 1, ends at layer ${map.at(-1)}; the teacher's last is ${teacherLayers - 1}. ` +
        'Use the mended mode.',
    );
  }
  return map;
}
