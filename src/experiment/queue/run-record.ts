import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Queue } from 'bullmq';
import type { CellSpec } from '../process-executor.ts';
import type { RunDirectory } from '../run-directory.ts';
import { type Fit, keyPrefix, openRunsKey, queueName, runKeys } from './cell-job.ts';
import type { RedisServer } from './redis.ts';

/** In Redis, of every run that has cells there. */
export interface OpenRun {
  readonly experiment: string;
  readonly fit: Fit;
  /** Where its results go. */
  readonly host: string;
  readonly directory: string;
}

/** In the run directory, beside the checkpoints, for it goes when they go: what the run is called in Redis. */
const recordFile = 'checkpoints/queue.json';

interface Recorded {
  readonly run: string;
  readonly about: string;
}

/** The run's name in Redis: the same for as long as directory, settings, code and backend are. */
export async function nameRun(directory: RunDirectory, spec: CellSpec, fit: Fit): Promise<string> {
  const about = createHash('sha256')
    .update(JSON.stringify([spec, fit]))
    .digest('hex');
  const recorded = directory.readJson(recordFile) as Partial<Recorded> | null | undefined;
  if (recorded?.run !== undefined && recorded.about === about) return recorded.run;
  const record: Recorded = { run: randomBytes(8).toString('hex'), about };
  await directory.writeJson(recordFile, record);
  return record.run;
}

/** Tells all who look into Redis of the run, and deletes those that it takes the place of: of the same directory, begun anew. */
export async function openRun(server: RedisServer, run: string, about: Omit<OpenRun, 'host'>): Promise<void> {
  const open: OpenRun = { ...about, host: hostname() };
  for (const [other, entry] of Object.entries(await readOpenRuns(server))) {
    if (other === run || entry.host !== open.host || entry.directory !== open.directory) continue;
    await forgetRun(server, other, entry);
  }
  await server.client.hset(openRunsKey, run, JSON.stringify(open));
}

export async function readOpenRuns({ client }: RedisServer): Promise<Record<string, OpenRun>> {
  const entries = Object.entries(await client.hgetall(openRunsKey));
  return Object.fromEntries(entries.map(([run, text]) => [run, JSON.parse(text) as OpenRun]));
}

export async function isOpen({ client }: RedisServer, run: string): Promise<boolean> {
  return (await client.hexists(openRunsKey, run)) === 1;
}

/** From here on workers drop what they have of it. */
export async function closeRun({ client }: RedisServer, run: string): Promise<void> {
  await client.del(runKeys(run).data);
  await client.hdel(openRunsKey, run);
}

/** Deletes what Redis holds of a run that nobody will ask for. */
async function forgetRun(server: RedisServer, run: string, { fit }: OpenRun): Promise<void> {
  await closeRun(server, run);
  const queue = new Queue(queueName(fit), { connection: server.connection, prefix: keyPrefix });
  queue.on('error', () => {}); // told by `server`
  try {
    for (const job of await queue.getJobs()) {
      if (!job.id?.startsWith(`${run}.`)) continue;
      await queue.remove(job.id);
      await server.client.del(runKeys(run).checkpoint(job.id.slice(run.length + 1)));
    }
  } finally {
    await queue.close();
  }
}
