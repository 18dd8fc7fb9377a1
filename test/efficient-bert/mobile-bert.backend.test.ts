import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { MobileBert } from '../../methods/efficient-bert/index.ts';
import { fillVariable } from '../../src/bert/index.ts';
import { UserError } from '../../src/errors.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { goldenInputs } from './golden-model.ts';

const TINY = {
  ...{ vocabulary: 20, positions: 16, width: 10, innerWidth: 6, embeddingWidth: 4 },
  ...{ layers: 2, heads: 3, hidden: 8 },
};

/** Weight p in the order of its file, element k: ((37k + 11p) mod 101 − 50)/250, gains 1 more. */
function filled(): MobileBert {
  const model = new MobileBert(TINY, new RandomStreams(1));
  for (const [p, tensor] of model.stored().entries()) {
    const base = tensor.name.endsWith('LayerNorm.weight') ? 1 : 0;
    const { shape, variable } = tensor;
    const values = new Float32Array(variable.size);
    const data = Float32Array.from(values, (_, k) => base + (((37 * k + 11 * p) % 101) - 50) / 250);
    fillVariable(values, tensor, data);
    expect(data).toHaveLength(tf.util.sizeFromShape([...shape]));
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return model;
}

it('equals the authors’ blocks in PyTorch (float64)', async () => {
  const model = filled();
  const { hidden, scores } = model.encoder.trace(goldenInputs());
  const last = hidden.at(-1) as tf.Tensor3D;
  const expected = [
    ...[
      -0.55551259, -0.15443501, -0.45622514, -0.38477276, -0.3417903, -0.33807524, -0.48818407, -0.21263836,
    ],
    ...[-0.56548013, -0.2711832, -0.3643771, -0.62006253, -0.14541926, -0.55309322, -0.48874289, -0.28727429],
  ];
  await expectAllClose(last.slice([0, 0, 0], [2, 8, 1]), expected, tolerance(10)); // some twenty products in a row
  const row = (scores[1] as tf.Tensor4D).slice([0, 0, 0, 0], [1, 1, 1, 8]);
  const first = [
    0.09911211, 0.07115559, 0.10653417, 0.08639167, 0.06213583, 0.07438548, -9999.907997, -9999.921334,
  ];
  await expectAllClose(row, first, { ...tolerance(10), atol: 1e-3 }); // beside −10,000
  tf.dispose([...hidden, ...scores]);
  model.dispose();
});

it('leaves nothing behind, and refuses sizes that do not fit', async () => {
  const inputs = goldenInputs();
  await expectNoLeak(() => {
    const model = filled();
    model.encoder.encode(inputs).dispose();
    model.dispose();
  });
  expect(() => new MobileBert({ ...TINY, heads: 4 }, new RandomStreams(1))).toThrow(UserError);
  expect(() => new MobileBert({ ...TINY, heads: 4 }, new RandomStreams(1))).toThrow('4 heads do not divide');
  expect(() => new MobileBert({ ...TINY, stackedFfn: 0 }, new RandomStreams(1))).toThrow(
    'stackedFfn must be',
  );
});
