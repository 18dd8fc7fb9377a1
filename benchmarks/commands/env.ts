import * as tf from '@tensorflow/tfjs';
import {
  availableBackends,
  type BackendRequest,
  releaseBackend,
  useBackend,
} from '../../src/backends/index.ts';
import { busyWarning, readEnvironment } from '../../src/experiment/environment.ts';
import { nativeKernelStatus } from '../../src/native/kernels.ts';

/** Prints what this machine offers: backends, versions, native kernels, and how fast the backend multiplies matrices. */
export async function environmentCommand(request: BackendRequest, json: boolean): Promise<void> {
  const backends = await availableBackends();
  const backend = await useBackend(request);
  const environment = await readEnvironment(backend, process.argv.slice(2));
  const speed = await matmulSpeed();
  const kernels = nativeKernelStatus();
  await releaseBackend();
  if (json) {
    const all = {
      ...environment,
      backends,
      nativeKernels: kernels,
      matmulGflops: Number(speed.toPrecision(3)),
    };
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const lines = ['Backends'];
  for (const entry of backends) {
    const label = entry.available && entry.software ? ' (software adapter: right numbers, no speed)' : '';
    const text = entry.available ? `${entry.version}${label}` : `not here: ${entry.reason}`;
    lines.push(`  ${entry.name.padEnd(16)}${text.replaceAll('\n', ' ')}`);
  }
  lines.push(
    '',
    `In use (--backend ${request}): ${backend.name}, ${backend.reason}`,
    `Native kernels: ${kernels.loaded ? kernels.operations.join(', ') : `not in use: ${kernels.reason}`}`,
    `Speed check: ${speed.toPrecision(3)} GFLOP/s (${size} × ${size} matrix product, float32)`,
    '',
    `Machine: ${environment.cpu}, ${environment.cores} cores, ${(environment.memoryBytes / 2 ** 30).toFixed(1)} GiB, ${environment.system}`,
    `Node ${environment.node}, commit ${environment.commit ?? 'none'}${environment.dirty ? ' with changes' : ''}`,
    ...Object.entries(environment.versions).map(([name, version]) => `  ${name} ${version}`),
  );
  const busy = busyWarning(environment);
  if (busy !== undefined) lines.push(`Warning: ${busy}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

const size = 1024;
const seconds = 1;

/** GFLOP/s, best of what fits in a second after a first product that warms up. */
async function matmulSpeed(): Promise<number> {
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
