const STARTS = 'Mi To Be La Ka Ri Sel Do An Vi Pe Jo Hal Nu Fa Or Ga Ul Wen Ze'.split(' ');
const MIDDLES = 'ra ne lo mi du sa'.split(' ');
const ENDS = ['', 'n', 's', 'la', 'th'];

const inOrder = STARTS.flatMap((start) =>
  MIDDLES.flatMap((middle) => ENDS.map((end) => start + middle + end)),
);

/** A step with no factor in common with 600, so that every name comes once and neighbours in the list differ. */
const STEP = 257;

/** The names of the people in the stories: every start with every middle and end, 600 in all. */
export const NAMES: readonly string[] = inOrder.map((_, i) => inOrder[(i * STEP) % inOrder.length] as string);
