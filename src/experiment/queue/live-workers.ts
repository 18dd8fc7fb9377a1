import type { Redis } from 'ioredis';
import { type Fit, type LiveWorker, misfit, workerKey } from './cell-job.ts';
import type { RedisServer } from './redis.ts';
import { readOpenRuns } from './run-record.ts';

/** Seconds after which a worker that says nothing is taken for gone. */
export const aliveSeconds = 15;

export async function announceWorker(redis: Redis, id: string, worker: LiveWorker): Promise<void> {
  await redis.set(workerKey(id), JSON.stringify(worker), 'EX', aliveSeconds);
}

export async function withdrawWorker(redis: Redis, id: string): Promise<void> {
  await redis.del(workerKey(id));
}

/** That nobody is there for cells that want `fit`, and who is there instead; undefined where somebody is. */
export async function describeWorkers(redis: Redis, fit: Fit): Promise<string | undefined> {
  const workers = await liveWorkers(redis);
  const reasons = workers.map(({ host, pid, fit: here }) => ({ host, pid, why: misfit(fit, here) }));
  if (reasons.some(({ why }) => why === undefined)) return undefined;
  if (reasons.length === 0) return 'Cells wait, and no worker is there.';
  const list = reasons.map(({ host, pid, why }) => `process ${pid} on ${host}: wanted ${why}`);
  return `Cells wait, and no worker that is there fits (${list.sort().join('. ')}).`;
}

/** Runs whose cells wait in vain for a worker that is `here`: one sentence each. */
export async function describeMisfits(server: RedisServer, here: Fit): Promise<string[]> {
  const sentences: string[] = [];
  for (const { experiment, host, fit } of Object.values(await readOpenRuns(server))) {
    const why = misfit(fit, here);
    if (why !== undefined)
      sentences.push(`Not for this worker: ${experiment} from ${host}, which wants ${why}.`);
  }
  return sentences;
}

async function liveWorkers(redis: Redis): Promise<LiveWorker[]> {
  const keys: string[] = [];
  for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
    const [next, found] = await redis.scan(cursor, 'MATCH', workerKey('*'), 'COUNT', 1000);
    keys.push(...found);
    cursor = next;
  }
  const values = keys.length === 0 ? [] : await redis.mget(keys);
  return values.flatMap((value) => (value === null ? [] : [JSON.parse(value) as LiveWorker]));
}
