/** Says, from a process of its own, which backend a request gets: the command that asks needs none itself. */

import type { BackendRequest } from '../src/backends/index.ts';
import { useBackend } from '../src/backends/index.ts';
import { packError } from '../src/experiment/carried-error.ts';
import { answerLines } from '../src/experiment/line-process.ts';

await answerLines({
  async use({ request }) {
    try {
      return { backend: await useBackend(request as BackendRequest) };
    } catch (error) {
      return { failed: packError(error) };
    }
  },
});
// A graphics adapter would keep the process alive.
process.exit(0);
