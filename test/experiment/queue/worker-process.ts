/** A worker of the queue in a process of its own, to be killed: URL, folder for its files, log, milliseconds of the lock. */
import { join } from 'node:path';
import { serveQueue } from '../../../src/experiment/queue/queue-worker.ts';
import { walkExecutor, walkFit } from './walk-cells.ts';

const [url, folder, log, lock] = process.argv.slice(2) as [string, string, string, string];
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
await serveQueue({
  url,
  jobs: 1,
  fit: walkFit,
  experiments: ['walk'],
  createExecutor: walkExecutor(log),
  scratch: join(folder, String(process.pid)),
  signal: stop.signal,
  say: (text) => process.stdout.write(`${text}\n`),
  times: { lock: Number(lock), look: Number(lock) / 3, checkpoint: 50 },
});
process.exit(0);
