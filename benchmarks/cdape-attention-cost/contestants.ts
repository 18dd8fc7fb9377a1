import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { BackendRequest } from '../../src/backends/index.ts';
import type { LineProcess } from '../../src/experiment/line-process.ts';
import type { Contestant } from '../../src/experiment/timer.ts';
import { startOwn } from '../own-process.ts';
import { type Peers, startPeer } from '../peers.ts';
import { COMPARED_LOSSES, type Task } from '../training-step/task.ts';
import { type PeerEncoding, peerName } from './contestant-names.ts';
import { type CostModel, writeCostWeights } from './model.ts';

/** A contestant that has begun to train. */
export interface Started extends Contestant {
  readonly process: LineProcess;
  readonly losses: readonly number[];
  readonly form: string;
  readonly version: string;
  readonly threads: number;
  /** Median of its first steps in ms. */
  readonly estimate: number;
}

export function startOurs(
  encoding: PositionEncodingName,
  task: Task & Omit<CostModel, 'encoding'>,
  backend: BackendRequest,
  signal: AbortSignal,
): Promise<Started> {
  const process = startOwn(encoding, './worker', import.meta.url);
  return prepare(encoding, process, { ...task, encoding, backend }, signal);
}

export async function startOfficial(
  encoding: PeerEncoding,
  task: Task & Omit<CostModel, 'encoding'>,
  peers: Peers,
  signal: AbortSignal,
): Promise<Started> {
  const weights = `${task.weights}-${encoding}`;
  await writeCostWeights({ ...task, encoding }, weights);
  const process = startPeer(peers, peerName(encoding), 'cdape.py');
  return prepare(peerName(encoding), process, { ...task, weights }, signal);
}

async function prepare(
  name: string,
  process: LineProcess,
  question: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Started> {
  const stop = () => void process.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { losses, form, version, threads } = (await process.ask('prepare', question)) as unknown as Started;
    const run = async (steps: number) => (await process.ask('run', { steps })).ms as number[];
    const first = [...(await run(COMPARED_LOSSES))].sort((a, b) => a - b);
    const estimate = first[Math.floor(first.length / 2)] as number;
    return { name, process, pid: process.pid, run, losses, form, version, threads, estimate };
  } catch (error) {
    await process.close();
    throw error;
  }
}
