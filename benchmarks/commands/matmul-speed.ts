import * as tf from '@tensorflow/tfjs';

/** Rows and columns of the matrices. */
const size = 1024;
const seconds = 1;

/** GFLOP/s of the backend in use, for matrices of 1024 × 1024: the best of what fits in a second, after a first product that warms up. */
export async function matmulSpeed(): Promise<number> {
  const a = tf.ones<tf.Rank.R2>([size, size]); // [n, n]
  const time = async () => {
    const start = performance.now();
    const product = tf.matMul(a, a);
    // One element, so that reading back is not what is measured.
    const corner = product.slice([0, 0], [1, 1]);
    await corner.data();
    tf.dispose([product, corner]);
    return performance.now() - start;
  };
  await time();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) best = Math.min(best, await time());
  a.dispose();
  return (2 * size ** 3) / best / 1e6;
}
