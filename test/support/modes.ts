import * as tf from '@tensorflow/tfjs';

export type Mode = 'eager' | 'captured';

/** Elsewhere `compile` gives back the function itself (test/compile/compile.backend.test.ts): one mode is both. */
export const CAPTURES = tf.getBackend() === 'tensorflow';

/** How a function runs on this backend: operation by operation, and as a captured graph where there is such a thing. */
export const MODES: readonly Mode[] = CAPTURES ? ['eager', 'captured'] : ['eager'];
