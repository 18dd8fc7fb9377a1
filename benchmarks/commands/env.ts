import type { BackendRequest } from '../../src/backends/index.ts';
import { busyWarning, readEnvironment } from '../../src/experiment/environment.ts';
import { probeBackends } from './probe-backends.ts';

/** Prints what this machine offers: backends, versions, native kernels, and how fast the backend multiplies matrices. */
export async function environmentCommand(request: BackendRequest, json: boolean): Promise<void> {
  const { backends, kernels, backend, gflops } = await probeBackends(request);
  const environment = await readEnvironment(backend, process.argv.slice(2));
  if (json) {
    const all = {
      ...environment,
      backends,
      nativeKernels: kernels,
      matmulGflops: Number(gflops.toPrecision(3)),
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
    `Speed check: ${gflops.toPrecision(3)} GFLOP/s (1024 × 1024 matrix product, float32)`,
    '',
    `Machine: ${environment.cpu}, ${environment.cores} cores, ${(environment.memoryBytes / 2 ** 30).toFixed(1)} GiB, ${environment.system}`,
    `Node ${environment.node}, commit ${environment.commit ?? 'none'}${environment.dirty ? ' with changes' : ''}`,
    ...Object.entries(environment.versions).map(([name, version]) => `  ${name} ${version}`),
  );
  const busy = busyWarning(environment);
  if (busy !== undefined) lines.push(`Warning: ${busy}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
