/** What differs between distillation as the authors' code does it and one with its quirks mended; see the README's Distillation. */
export interface DistillationManner {
  /** Of the teacher's layers, while candidates of a search are trained: l·g + 1, or (l + 1)·g − 1 as everywhere else. */
  readonly searchedLayers: 'second of each group' | 'last of each group';
  /** Where the teacher's layers are no multiple of the student's: g is rounded down, or groups differ in size. */
  readonly groups: 'equal' | 'spread';
  /** Which scores do not count: those of −100 or less, as 0, or those of padding. */
  readonly hiddenScores: 'at most −100' | 'padding';
  /** Means of squared differences are over all positions, or over those that hold tokens. */
  readonly meanOver: 'positions' | 'tokens';
  /** Cross-entropy between predictions: divided by the number of classes (positions, for spans) or not, and with τ² or not. */
  readonly crossEntropy: 'mean over classes' | 'sum over classes, τ²';
  /** What a regression learns: labels, or the teacher's scores. */
  readonly regressionTarget: 'label' | 'teacher';
  /** Whether the first position of a text may be an answer's, as it is where there is none. */
  readonly spanAtFirst: 'masked' | 'allowed';
  /** The first update has the rate 0, or that of the first step of the warm-up. */
  readonly firstStep: 'lost' | 'taken';
}

export const DISTILLATION_MODES = {
  faithful: {
    searchedLayers: 'second of each group',
    groups: 'equal',
    hiddenScores: 'at most −100',
    meanOver: 'positions',
    crossEntropy: 'mean over classes',
    regressionTarget: 'label',
    spanAtFirst: 'masked',
    firstStep: 'lost',
  },
  mended: {
    searchedLayers: 'last of each group',
    groups: 'spread',
    hiddenScores: 'padding',
    meanOver: 'tokens',
    crossEntropy: 'sum over classes, τ²',
    regressionTarget: 'teacher',
    spanAtFirst: 'allowed',
    firstStep: 'taken',
  },
} as const satisfies Record<string, DistillationManner>;

export type DistillationMode = keyof typeof DISTILLATION_MODES;
