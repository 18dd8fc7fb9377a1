/** Loads and measures backends for `env`, which starts some of these processes and puts the questions. */
import {
  availableBackends,
  type BackendName,
  type BackendRequest,
  useBackend,
} from '../../src/backends/index.ts';
import { packError } from '../../src/experiment/carried-error.ts';
import { answerLines } from '../../src/experiment/line-process.ts';
import { nativeKernelStatus } from '../../src/native/kernels.ts';
import { matmulSpeed } from './matmul-speed.ts';

// stdout is for answers.
console.log = console.error;
console.info = console.error;

await answerLines({
  async probe({ names }) {
    const backends = await availableBackends(names as readonly BackendName[]);
    return { backends, kernels: nativeKernelStatus() };
  },
  async measure({ request }) {
    try {
      const backend = await useBackend(request as BackendRequest);
      return { backend, gflops: await matmulSpeed() };
    } catch (error) {
      return { failed: packError(error) };
    }
  },
});
// A graphics adapter would keep the process alive.
process.exit(0);
