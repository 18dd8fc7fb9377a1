import type { Backend } from '../../src/backends/index.ts';
import { missingPackages, type PeerPackage, type Peers } from '../peers.ts';
import type { OptimizerName } from './config.ts';

/** How a step of ours is made: `in-place` by our kernels that write weights and state, `captured` as one graph. */
export const FORMS = {
  'in-place': { inPlace: true, captured: false },
  'in-place-captured': { inPlace: true, captured: true },
  captured: { inPlace: false, captured: true },
  eager: { inPlace: false, captured: false },
} as const;

/** Optimizers with kernels that write in place; the others are made of operations. */
export const IN_PLACE: ReadonlySet<OptimizerName> = new Set<OptimizerName>(['came', 'adamw']);

interface Ours {
  readonly kind: 'ours';
  readonly inPlace: boolean;
  readonly captured: boolean;
}

interface Theirs {
  readonly kind: 'torch';
  readonly needs: readonly PeerPackage[];
}

/** Somebody who would step; names are unique in a cell. */
export interface Entrant {
  readonly name: string;
  readonly rule: OptimizerName;
  readonly place: Ours | Theirs;
}

export type EntrantBackend = Pick<Backend, 'name' | 'nativeKernels'>;

const torch: Theirs = { kind: 'torch', needs: ['torch', 'numpy'] };
const fused: Entrant = { name: 'adamw-fused', rule: 'adamw', place: torch };

/** Who stands beside each optimizer, in the same rounds. */
const RIVALS: Readonly<Partial<Record<OptimizerName, readonly Entrant[]>>> = {
  came: [
    { name: 'adamw-captured', rule: 'adamw', place: { kind: 'ours', ...FORMS.captured } },
    { name: 'authors', rule: 'came', place: { ...torch, needs: [...torch.needs, 'came_pytorch'] } },
    fused,
  ],
  adamw: [
    fused,
    { name: 'adamw-foreach', rule: 'adamw', place: torch },
    { name: 'adamw-single', rule: 'adamw', place: torch },
  ],
};

export function entrantsOf(optimizer: OptimizerName): Entrant[] {
  const forms = Object.entries(FORMS).filter(([, { inPlace }]) => !inPlace || IN_PLACE.has(optimizer));
  return [
    ...forms.map(([name, form]): Entrant => ({ name, rule: optimizer, place: { kind: 'ours', ...form } })),
    ...(RIVALS[optimizer] ?? []),
  ];
}

/** The loops and the operations that they stand for. */
export function loopEntrantsOf(optimizer: OptimizerName): Entrant[] {
  return entrantsOf(optimizer).filter(({ name }) => name === 'in-place' || name === 'eager');
}

/** Beyond it a step of operations takes half a minute on `js`, and weights and state do not fit into the memory of `wasm`. */
const LARGEST_IN_JAVASCRIPT = 2 ** 24;

/** Why somebody cannot be here; undefined if he can. */
export function whyAbsent(
  { place }: Entrant,
  backend: EntrantBackend,
  parameters: number,
  peers: Peers | undefined,
): string | undefined {
  if (place.kind === 'torch') {
    if (peers === undefined) return 'no --peers';
    const missing = missingPackages(peers, place.needs);
    return missing.length > 0 ? `${peers.python} lacks ${missing.join(', ')}` : undefined;
  }
  const inJavaScript = backend.name === 'wasm' || backend.name === 'js';
  if (inJavaScript && parameters > LARGEST_IN_JAVASCRIPT) {
    return `${parameters.toLocaleString('en')} parameters are too many for ${backend.name}`;
  }
  if (place.captured && !backend.name.startsWith('tensorflow')) return `${backend.name} captures nothing`;
  if (place.inPlace && !inJavaScript && !backend.nativeKernels) {
    return `there are no kernels of ours on ${backend.name} here`;
  }
  return undefined;
}
