import { findPeers, type PeerPackage, type Peers } from '../../benchmarks/peers.ts';

/**
 * The Python of the peers, which TFJS_METHODS_PYTHON names; undefined, with a line on stderr that says why, where there is none
 * or it lacks one of these packages.
 */
export async function peersForTests(needed: readonly PeerPackage[]): Promise<Peers | undefined> {
  const python = process.env.TFJS_METHODS_PYTHON;
  if (python === undefined || python === '') {
    console.error('Tests beside PyTorch and JAX are skipped: TFJS_METHODS_PYTHON names no Python.');
    return undefined;
  }
  const peers = await findPeers(python);
  const missing = needed.filter((name) => !peers.packages.has(name));
  if (missing.length === 0) return peers;
  console.error(`Tests beside ${needed.join(', ')} are skipped: ${python} lacks ${missing.join(', ')}.`);
  return undefined;
}
