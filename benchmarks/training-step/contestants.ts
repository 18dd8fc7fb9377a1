import type { Backend } from '../../src/backends/index.ts';
import type { LineProcess } from '../../src/experiment/line-process.ts';
import type { Contestant } from '../../src/experiment/timer.ts';
import { startOwn } from '../own-process.ts';
import { missingPackages, type PeerPackage, type Peers, startPeer } from '../peers.ts';
import type { ContestantName } from './config.ts';
import { COMPARED_LOSSES, type Task } from './task.ts';
import type { Place } from './worker.ts';

/** A contestant that has begun to train: it is compiled, and its first losses are known. */
export interface Started extends Contestant {
  readonly name: ContestantName;
  readonly process: LineProcess;
  /** Of the steps from the initial weights. */
  readonly losses: readonly number[];
  /** What exactly is timed. */
  readonly form: string;
  readonly version: string;
  readonly threads: number;
  /** Median of the first steps after the compared ones in ms: how many fit in a section. */
  readonly estimate: number;
}

/** Not here, and why. */
export interface Absent {
  readonly name: ContestantName;
  readonly absent: string;
}

interface Prepared {
  readonly unavailable?: string;
  readonly losses: number[];
  readonly form: string;
  readonly version: string;
  readonly threads: number;
  readonly tried?: Readonly<Record<string, number>>;
}

const OURS: Readonly<Partial<Record<ContestantName, Place & { readonly native?: false }>>> = {
  captured: { backend: 'tensorflow', captured: true },
  'captured-ops': { backend: 'tensorflow', captured: true, native: false },
  eager: { backend: 'tensorflow', captured: false, native: false },
  'eager-native': { backend: 'tensorflow', captured: false },
  wasm: { backend: 'wasm', captured: false },
  'wasm-stock': { backend: 'wasm-stock', captured: false, native: false },
  webgpu: { backend: 'webgpu', captured: false },
  js: { backend: 'js', captured: false },
};

interface PeerScript {
  readonly script: string;
  readonly args?: readonly string[];
  readonly needs: readonly PeerPackage[];
}

const PEERS: Readonly<Partial<Record<ContestantName, PeerScript>>> = {
  pytorch: { script: 'torch_training_step.py', needs: ['torch', 'safetensors'] },
  'torch-compile': { script: 'torch_training_step.py', args: ['compiled'], needs: ['torch', 'safetensors'] },
  jax: { script: 'jax_training_step.py', needs: ['jax', 'safetensors', 'numpy'] },
};

/**
 * Starts one contestant and lets it take its first steps; nobody else computes meanwhile.
 * @throws Error in the contestant's words if it fails; only torch.compile may (it wants a C++ compiler)
 */
export async function startContestant(
  name: ContestantName,
  task: Task,
  backend: Backend,
  peers: Peers | undefined,
  signal: AbortSignal,
): Promise<Started | Absent> {
  const place = OURS[name];
  if (place === undefined) return startPeerContestant(name, task, peers, signal);
  const needsTensorflow = place.backend === 'tensorflow';
  if (needsTensorflow && backend.name !== 'tensorflow')
    return { name, absent: `the run is on ${backend.name}` };
  if (needsTensorflow && place.native === false && !backend.nativeKernels) {
    return { name, absent: 'there are no native kernels to switch off' };
  }
  const env: Record<string, string> = place.native === false ? { TFJS_METHODS_NATIVE_KERNELS: '0' } : {};
  const process = startOwn(name, './worker', import.meta.url, env);
  return prepare(name, process, { ...place, ...task }, signal);
}

async function startPeerContestant(
  name: ContestantName,
  task: Task,
  peers: Peers | undefined,
  signal: AbortSignal,
): Promise<Started | Absent> {
  const { script, args, needs } = PEERS[name] as PeerScript;
  if (peers === undefined) return { name, absent: 'no --peers' };
  const missing = missingPackages(peers, needs);
  if (missing.length > 0) return { name, absent: `${peers.python} lacks ${missing.join(', ')}` };
  try {
    return await prepare(name, startPeer(peers, name, script, args), { ...task }, signal);
  } catch (error) {
    if (name !== 'torch-compile' || signal.aborted) throw error;
    return { name, absent: (error as Error).message.split('\n')[0] as string };
  }
}

async function prepare(
  name: ContestantName,
  process: LineProcess,
  question: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Started | Absent> {
  const stop = () => void process.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const prepared = (await process.ask('prepare', question)) as unknown as Prepared;
    if (prepared.unavailable !== undefined) {
      await process.close();
      return { name, absent: prepared.unavailable };
    }
    const run = async (steps: number) => (await process.ask('run', { steps })).ms as number[];
    const first = [...(await run(COMPARED_LOSSES))].sort((a, b) => a - b);
    const { losses, form, version, threads } = prepared;
    const estimate = first[Math.floor(first.length / 2)] as number;
    return { name, process, pid: process.pid, run, losses, form, version, threads, estimate };
  } catch (error) {
    await process.close();
    throw error;
  }
}
