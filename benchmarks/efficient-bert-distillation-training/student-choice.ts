/** Which student learns. Light: no TensorFlow.js. */
import { nearMatches } from '../../src/experiment/near-matches.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';
import { ARCHITECTURE_NAMES, type ArchitectureName } from '../efficient-bert-models/model-names.ts';

/** A student of the sizes in the configuration. */
export const SMALL_STUDENT = 'small';

/** Those that hold EfficientBERT's searched layers, with a map to the teacher's width. */
export const STUDENT_NAMES: readonly ArchitectureName[] = ARCHITECTURE_NAMES.filter(
  (name) => name.startsWith('efficient-bert') || name.startsWith('tinybert'),
);

export type StudentSizes = {
  /** As many as the teacher has, or fewer. */
  readonly layers: number;
  /** H */
  readonly width: number;
  /** As many as the teacher has: attention is compared head by head. */
  readonly heads: number;
  /** F at ratio 1. */
  readonly hidden: number;
  /** E of the factorised embedding. */
  readonly embeddingWidth: number;
  readonly positions: number;
  readonly dropout: number;
};

export type StudentChoice = {
  /** `small`, or a published architecture. */
  readonly student: string;
  /** Of `small`. */
  readonly studentSizes: StudentSizes;
};

export function checkStudentChoice({ student, studentSizes }: StudentChoice): void {
  const names = [SMALL_STUDENT, ...STUDENT_NAMES];
  const near = nearMatches(student, names);
  demand(names.includes(student), 'student', `${student}.${near}`, `one of ${names.join(', ')}`);
  demandCounts(studentSizes, ['layers', 'width', 'heads', 'hidden', 'embeddingWidth', 'positions']);
  const { width, heads, dropout } = studentSizes;
  demand(width % heads === 0, 'studentSizes.heads', heads, `a divisor of the width ${width}`);
  demand(dropout >= 0 && dropout < 1, 'studentSizes.dropout', dropout, 'at least 0 and below 1');
}
