import type { Backend } from '../../src/backends/index.ts';
import type { LineProcess, Message } from '../../src/experiment/line-process.ts';
import { startOwn } from '../own-process.ts';
import { type Peers, startPeer } from '../peers.ts';

/** A process that holds contestants. It lives as long as the run's own, since starting it takes seconds. */
export interface Host {
  readonly process: LineProcess;
  readonly version: string;
  readonly threads: number;
}

/** Why there is none. */
export interface NoHost {
  readonly unavailable: string;
}

/** One process with our in-place kernels and one without for each backend, and one for PyTorch: each when it is first wanted. */
export class Hosts {
  readonly #hosts = new Map<string, Host | NoHost>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  ours(backend: Backend['name'], inPlace: boolean): Promise<Host | NoHost> {
    const name = `${backend}${inPlace ? '' : ', operations'}`;
    return this.#find(name, async () => {
      const env: Record<string, string> = inPlace ? {} : { TFJS_METHODS_NATIVE_KERNELS: '0' };
      const process = this.#keep(startOwn(name, './host', import.meta.url, env));
      const request = backend === 'tensorflow-gpu' ? 'gpu' : backend;
      const answer = (await process.ask('use', { backend: request })) as unknown as Host | NoHost;
      if ('unavailable' in answer) await process.close();
      return 'unavailable' in answer ? answer : { ...answer, process };
    });
  }

  torch(peers: Peers): Promise<Host | NoHost> {
    return this.#find('PyTorch', async () => {
      const process = this.#keep(startPeer(peers, 'PyTorch', 'torch_optimizer_step.py'));
      return { process, version: '', threads: 0 }; // each contestant tells its own
    });
  }

  /** Ends all contestants; the processes stay. */
  async release(): Promise<void> {
    for (const host of this.#hosts.values()) if ('process' in host) await host.process.ask('release');
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => 'process' in host && host.process.close()));
    this.#hosts.clear();
  }

  async #find(name: string, start: () => Promise<Host | NoHost>): Promise<Host | NoHost> {
    const found = this.#hosts.get(name) ?? (await start());
    this.#hosts.set(name, found);
    return found;
  }

  #keep(process: LineProcess): LineProcess {
    this.#signal.addEventListener('abort', () => void process.close(), { once: true });
    return process;
  }
}

/** The answer of a contestant's first steps. */
export type Prepared = Message & {
  readonly stateBytes: number;
  readonly version?: string;
  readonly threads?: number;
};
