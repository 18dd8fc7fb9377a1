import type { Backend } from '../../src/backends/index.ts';
import type { LineProcess } from '../../src/experiment/line-process.ts';
import type { Contestant } from '../../src/experiment/timer.ts';
import { startOwn } from '../own-process.ts';
import { missingPackages, type PeerPackage, type Peers, startPeer } from '../peers.ts';
import type { Weighed } from '../step-timing/compare-weights.ts';
import type { ValueSample } from '../step-timing/samples.ts';
import type { StepTask } from '../step-timing/task.ts';
import type { ContestantName, OptimizerName } from './config.ts';

/** A contestant that has made its first step: its state is there. */
export interface Started extends Contestant, Weighed {
  readonly name: ContestantName;
  readonly process: LineProcess;
  readonly stateBytes: number;
  readonly version: string;
  readonly threads: number;
  /** The rule it follows: those of one rule must end with the same weights. */
  readonly rule: OptimizerName;
}

/** Not here, and why. */
export interface Absent {
  readonly name: ContestantName;
  readonly absent: string;
}

interface Ours {
  readonly captured: boolean;
  readonly native: boolean;
}

const OURS: Readonly<Partial<Record<ContestantName, Ours>>> = {
  native: { captured: false, native: true },
  'native-captured': { captured: true, native: true },
  captured: { captured: true, native: false },
  eager: { captured: false, native: false },
};

const PEERS: Readonly<
  Partial<Record<ContestantName, { rule: OptimizerName; needs: readonly PeerPackage[] }>>
> = {
  authors: { rule: 'came', needs: ['torch', 'numpy', 'came_pytorch'] },
  'adamw-fused': { rule: 'adamw', needs: ['torch', 'numpy'] },
  'adamw-foreach': { rule: 'adamw', needs: ['torch', 'numpy'] },
};

/**
 * Starts one contestant for the step of `optimizer` and lets it make its first; nobody else computes meanwhile.
 * @throws Error in the contestant's words if it fails
 */
export async function startContestant(
  name: ContestantName,
  optimizer: OptimizerName,
  task: StepTask,
  backend: Backend,
  peers: Peers | undefined,
  signal: AbortSignal,
): Promise<Started | Absent> {
  const ours = OURS[name];
  if (ours !== undefined) {
    if (ours.native && !backend.nativeKernels)
      return { name, absent: 'the native kernels are not in use here' };
    const env: Record<string, string> = ours.native ? {} : { TFJS_METHODS_NATIVE_KERNELS: '0' };
    const process = startOwn(`${optimizer} ${name}`, './worker', import.meta.url, env);
    const place = {
      backend: backend.name === 'tensorflow-gpu' ? 'gpu' : backend.name,
      captured: ours.captured,
    };
    return prepare(name, optimizer, process, { ...task, ...place, optimizer }, signal);
  }
  const { rule, needs } = PEERS[name] as { rule: OptimizerName; needs: readonly PeerPackage[] };
  if (peers === undefined) return { name, absent: 'no --peers' };
  const missing = missingPackages(peers, needs);
  if (missing.length > 0) return { name, absent: `${peers.python} lacks ${missing.join(', ')}` };
  const process = startPeer(peers, name, 'torch_optimizer_step.py');
  return prepare(name, rule, process, { ...task, kind: name }, signal);
}

async function prepare(
  name: ContestantName,
  rule: OptimizerName,
  process: LineProcess,
  question: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Started> {
  signal.addEventListener('abort', () => void process.close(), { once: true });
  try {
    const answer = await process.ask('prepare', question);
    const { stateBytes, version, threads } = answer as unknown as Pick<
      Started,
      'stateBytes' | 'version' | 'threads'
    >;
    const run = async (steps: number) => (await process.ask('run', { steps })).ms as number[];
    const values = async (samples: readonly ValueSample[]) =>
      (await process.ask('values', { samples })).values as number[][];
    return { name, process, pid: process.pid, run, values, stateBytes, version, threads, rule };
  } catch (error) {
    await process.close();
    throw error;
  }
}
