import { CAME } from '../../methods/came/index.ts';
import { noDecayOnVectors, register } from '../../src/optimizers/index.ts';
import { servesLayers } from '../optimizers/layers-round-trip.ts';

register(CAME);

servesLayers('CAME', () => new CAME({ learningRate: 3e-3 }));

// All that the loader of TensorFlow.js rewrites: Infinity, texts with underscores, what it does not know.
servesLayers(
  'CAME with a schedule and groups',
  () =>
    new CAME({
      learningRate: { kind: 'cosine', peak: 3e-4, warmup: 2, total: 20 },
      weightDecay: 0.1,
      decay: noDecayOnVectors,
      clipThreshold: Number.POSITIVE_INFINITY,
      globalClipNorm: 5,
      groups: [
        { match: /embedding_embedding|conv2d_?/i, factorization: 'merge', learningRateScale: 0.5 },
        { match: /bias$/, weightDecay: 0 },
      ],
    }),
);
