import type { Availability, Backend, BackendName, BackendRequest } from '../../src/backends/index.ts';
import { type CarriedError, unpackError } from '../../src/experiment/carried-error.ts';
import type { LineProcess } from '../../src/experiment/line-process.ts';
import type { NativeKernelStatus } from '../../src/native/kernels.ts';
import { startOwn } from '../own-process.ts';

export interface Found {
  readonly backends: readonly Availability[];
  readonly kernels: NativeKernelStatus;
  /** The one that the request gets. */
  readonly backend: Backend;
  /** How fast it multiplies matrices of 1024 × 1024. */
  readonly gflops: number;
}

type Probed = Pick<Found, 'backends' | 'kernels'>;
type Measured = Pick<Found, 'backend' | 'gflops'>;

/**
 * Loads every backend, and measures the one that `request` gets, in processes of their own: `tensorflow` and `tensorflow-gpu`
 * exclude each other, and native code may end its process.
 *
 * @throws UserError as `useBackend`
 */
export async function probeBackends(request: BackendRequest): Promise<Found> {
  const children = [start(), start(), start()] as const;
  const [tensorflow, gpu, others] = children;
  let measuring = others;
  try {
    const probed = await Promise.all([
      probe(tensorflow, ['tensorflow']),
      probe(gpu, ['tensorflow-gpu']),
      probe(others, ['webgpu', 'wasm', 'js']),
    ]);
    if (others.ended) measuring = start();
    const backends = probed.flatMap((part) => part.backends);
    return { backends, kernels: probed[0].kernels, ...(await measure(measuring, request)) };
  } finally {
    await Promise.all([...children, measuring].map((child) => child.close()));
  }
}

function start(): LineProcess {
  return startOwn('the backend', './env-process', import.meta.url);
}

/** What the process says of some backends; those that it does not survive are not here. */
async function probe(child: LineProcess, names: readonly BackendName[]): Promise<Probed> {
  try {
    return (await child.ask('probe', { names })) as unknown as Probed;
  } catch (error) {
    const reason = `a process that loads it fails: ${(error as Error).message}`;
    return {
      backends: names.map((name) => ({ name, available: false, reason })),
      kernels: { loaded: false, operations: [], reason },
    };
  }
}

async function measure(child: LineProcess, request: BackendRequest): Promise<Measured> {
  const answer = (await child.ask('measure', { request })) as unknown as Measured & {
    failed?: CarriedError;
  };
  if (answer.failed !== undefined) throw unpackError(answer.failed, 'the backend');
  return answer;
}
