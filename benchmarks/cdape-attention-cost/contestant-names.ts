/** What the peer has the rule of. */
export const peerEncodings = ['kerple', 'cdape-kerple'] as const;
export type PeerEncoding = (typeof peerEncodings)[number];

/** The authors' rule of an encoding, in PyTorch. */
export function peerName(encoding: PeerEncoding): string {
  return `pytorch-${encoding}`;
}
