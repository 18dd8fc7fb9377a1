import { setMaxListeners } from 'node:events';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import { findPeers } from '../peers.ts';
import type { AttentionCostConfig, LengthCell } from './config.ts';
import { evaluateLength } from './evaluate-length.ts';
import { measureLength } from './measure-length.ts';
import type { CostResult } from './result.ts';

export async function startCells(
  context: CellContext<AttentionCostConfig>,
): Promise<CellRunner<LengthCell, CostResult>> {
  const peers = context.peers === undefined ? undefined : await findPeers(context.peers);
  setMaxListeners(0, context.signal); // one for each contestant
  return {
    run: ({ length, evaluate }) =>
      evaluate === undefined
        ? measureLength(length, context, peers)
        : evaluateLength(length, evaluate, context),
    dispose() {},
  };
}
