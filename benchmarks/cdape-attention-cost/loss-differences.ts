import { LOSS_TOLERANCE } from '../training-step/losses.ts';
import { peerEncodings, peerName } from './contestant-names.ts';
import type { Started } from './contestants.ts';

/**
 * The peers do the same work as ours: from the same weights the first losses are the same.
 * @throws Error naming the peer whose losses disagree
 */
export function lossDifferences(
  started: readonly Pick<Started, 'name' | 'losses'>[],
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const encoding of peerEncodings) {
    const [ours, theirs] = [encoding, peerName(encoding)].map((name) =>
      started.find((one) => one.name === name),
    );
    if (ours === undefined || theirs === undefined) continue;
    const difference = Math.max(
      ...ours.losses.map((loss, at) => Math.abs(((theirs.losses[at] as number) - loss) / loss)),
    );
    if (!(difference <= LOSS_TOLERANCE)) {
      throw new Error(
        `${theirs.name} does not do the same work as ${ours.name}: losses ${theirs.losses.join(', ')} against ${ours.losses.join(', ')}`,
      );
    }
    found[theirs.name] = difference;
  }
  return found;
}
