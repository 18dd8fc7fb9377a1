import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UserError } from '../src/errors.ts';
import { LineProcess } from '../src/experiment/line-process.ts';

/** Python packages that the peers need, by the name under which they are imported. */
export type PeerPackage = 'torch' | 'jax' | 'came_pytorch' | 'safetensors' | 'numpy';
const PACKAGES: readonly PeerPackage[] = ['torch', 'jax', 'came_pytorch', 'safetensors', 'numpy'];

export interface Peers {
  /** The interpreter: a path, or a name on the PATH. */
  readonly python: string;
  readonly packages: ReadonlySet<PeerPackage>;
}

/** Finds without importing: loading PyTorch and JAX takes seconds. */
const FIND = `import importlib.util, json
print(json.dumps([n for n in ${JSON.stringify(PACKAGES)} if importlib.util.find_spec(n)]))`;

/**
 * Looks what this Python has.
 * @throws UserError (exit code 3) if it does not start or has neither PyTorch nor JAX
 */
export async function findPeers(python: string): Promise<Peers> {
  let found: PeerPackage[];
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', FIND]);
    found = JSON.parse(stdout) as PeerPackage[];
  } catch (error) {
    const reason = ((error as Error).message.split('\n').at(-1) ?? '').trim() || (error as Error).message;
    throw new UserError(
      `--peers ${python}: this Python does not run (${reason}). Name an interpreter, such as python3.`,
      3,
    );
  }
  const packages = new Set(found);
  if (!packages.has('torch') && !packages.has('jax')) {
    throw new UserError(
      `--peers ${python}: it has neither PyTorch nor JAX. Install them (pip install torch jax safetensors numpy ` +
        'came-pytorch), name another Python, or leave --peers out.',
      3,
    );
  }
  return { python, packages };
}

/** Which of these packages the Python lacks. */
export function missingPackages(peers: Peers, needed: readonly PeerPackage[]): PeerPackage[] {
  return needed.filter((name) => !peers.packages.has(name));
}

/** Starts one of our scripts in `benchmarks/peers/`. */
export function startPeer(
  peers: Peers,
  name: string,
  script: string,
  args: readonly string[] = [],
): LineProcess {
  const path = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
  return new LineProcess(name, peers.python, [path, ...args], { PYTHONDONTWRITEBYTECODE: '1' });
}
