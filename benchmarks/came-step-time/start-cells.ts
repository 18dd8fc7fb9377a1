import { setMaxListeners } from 'node:events';
import { type CellContext, type CellRunner, Interrupted } from '../../src/experiment/experiment.ts';
import { findPeers, missingPackages } from '../peers.ts';
import type { StepTimeConfig } from './config.ts';
import { entrantsOf, loopEntrantsOf } from './entrants.ts';
import { Hosts } from './hosts.ts';
import { measureSteps, type Surroundings } from './measure.ts';
import { measureTraining } from './measure-training.ts';
import type { BandwidthResult, StepTimeCell, StepTimeResult } from './results.ts';
import { weightsOf, weightsOfMatrices } from './sizes.ts';

const BANDWIDTH_REPEATS = 10;

export async function startCells(
  context: CellContext<StepTimeConfig>,
): Promise<CellRunner<StepTimeCell, StepTimeResult>> {
  const { signal } = context;
  const peers = context.peers === undefined ? undefined : await findPeers(context.peers);
  setMaxListeners(0, signal); // one for each process
  const hosts = new Hosts(signal);
  return {
    async run(cell) {
      try {
        return await measure(cell, { context, hosts, peers });
      } catch (error) {
        throw signal.aborted ? new Interrupted() : error;
      }
    },
    dispose: () => hosts.close(),
  };
}

async function measure(cell: StepTimeCell, surroundings: Surroundings): Promise<StepTimeResult> {
  const { config, backend } = surroundings.context;
  switch (cell.kind) {
    case 'step': {
      const weights = weightsOf(cell.size, config);
      const entrants = entrantsOf(cell.optimizer);
      return { cell, ...(await measureSteps(cell.id, entrants, weights, backend, surroundings)) };
    }
    case 'loops': {
      const entrants = loopEntrantsOf(cell.optimizer);
      const place = { name: cell.backend, nativeKernels: false };
      const weights = weightsOfMatrices(config.loops);
      return { cell, ...(await measureSteps(cell.id, entrants, weights, place, surroundings)) };
    }
    case 'training':
      return { cell, parameters: 0, ...(await measureTraining(config.training, surroundings)) };
    case 'bandwidth':
      return { cell, ...(await measureBandwidth(surroundings)) };
  }
}

async function measureBandwidth({ context, hosts, peers }: Surroundings): Promise<BandwidthResult> {
  const { backend, config, progress } = context;
  const question = { elements: config.bandwidthElements, repeats: BANDWIDTH_REPEATS };
  progress.expect(2);
  const host = await hosts.ours(backend.name, backend.nativeKernels);
  const ours = 'process' in host ? await host.process.ask('bandwidth', question) : {};
  progress.advance({ label: 'bandwidth' });
  let torch = {};
  if (peers !== undefined && missingPackages(peers, ['torch', 'numpy']).length === 0) {
    const peer = await hosts.torch(peers);
    if ('process' in peer) torch = await peer.process.ask('bandwidth', question);
  }
  progress.advance({ label: 'bandwidth' });
  return { ours: ours as Record<string, number>, torch };
}
