/** Every position encoding by name. A new one is its file in encodings/ and its line in the table below. */
import { UserError } from '../../src/errors.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';
import type { LanguageModelParts } from '../../src/nn/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import { cdape, type Residual } from './cdape.ts';
import { alibi } from './encodings/alibi.ts';
import { cope } from './encodings/cope.ts';
import { fire } from './encodings/fire.ts';
import { kerple } from './encodings/kerple.ts';
import { kerplePower } from './encodings/kerple-power.ts';
import { learned } from './encodings/learned.ts';
import { randomizedPositions } from './encodings/randomized-positions.ts';
import { rope } from './encodings/rope.ts';
import { ntkAware, positionInterpolation, yarn } from './encodings/rope-scaling.ts';
import { sinusoidal } from './encodings/sinusoidal.ts';
import { T5Table, t5 } from './encodings/t5.ts';
import { transformerXl } from './encodings/transformer-xl.ts';
import { addBias, type PositionBias } from './position-bias.ts';

/** What an encoding puts into a model; to be passed on to `LanguageModel`, with `positions: 'none'`. */
export type PositionEncoding = Pick<
  LanguageModelParts,
  'positionEmbedding' | 'process' | 'queryKeyTransform' | 'shared'
>;

export interface PositionEncodingOptions {
  /** H */
  readonly heads: number;
  /** D, of the model. */
  readonly width: number;
  /** Longest sequence of training: FIRE's threshold is half of it, and extensions of RoPE begin after it. */
  readonly trainingLength: number;
  /** Rows of learned positions; numbers that randomized positions are drawn from. Default 2048. */
  readonly maxLength?: number;
  /** k of CDAPE. Default 3. */
  readonly kernelSize?: number;
  /** w of DAPE, CDAPE and FIRE. Default 32. */
  readonly hiddenWidth?: number;
  /** Of DAPE and CDAPE. Default `concatResidual`. */
  readonly residual?: Residual;
  /** Of CDAPE. Default false. */
  readonly prefixConsistent?: boolean;
}

type Streams = Pick<RandomStreams, 'init' | 'dropout'>;
type Maker = (options: PositionEncodingOptions, streams: Streams) => PositionEncoding;
type BiasMaker = (options: PositionEncodingOptions, streams: Streams) => PositionBias;

const alibiBias: BiasMaker = ({ heads }) => alibi(heads);
const kerpleBias: BiasMaker = ({ heads }, { init }) => kerple(heads, init);
/** The authors take LeakyReLU under DAPE and CDAPE, and ReLU for FIRE by itself. */
const fireBias =
  (slope: number): BiasMaker =>
  ({ heads, trainingLength, hiddenWidth = 32 }, { init }) =>
    fire({ heads, threshold: Math.floor(trainingLength / 2), width: hiddenWidth, slope }, init);

const ENCODINGS = {
  none: () => ({}),
  learned: ({ maxLength = 2048, width }, { init }) => ({
    positionEmbedding: learned({ positions: maxLength, width }, init),
  }),
  sinusoidal: ({ width }) => ({ positionEmbedding: sinusoidal(width) }),
  rope: (options) => ({ queryKeyTransform: rope(ropeSizes(options)) }),
  'rope-interpolated': (options) => ({
    queryKeyTransform: rope({ ...ropeSizes(options), scaling: positionInterpolation }),
  }),
  'rope-ntk': (options) => ({ queryKeyTransform: rope({ ...ropeSizes(options), scaling: ntkAware }) }),
  'rope-yarn': (options) => ({ queryKeyTransform: rope({ ...ropeSizes(options), scaling: yarn }) }),
  'rope-randomized': (options, { dropout }) => ({
    queryKeyTransform: rope({
      ...ropeSizes(options),
      positions: randomizedPositions(options.maxLength ?? 2048, dropout),
    }),
  }),
  t5: ({ heads, width }, { init }) => {
    const shared = new T5Table(heads, init);
    return { shared, process: () => addBias(t5(shared, width / heads)) };
  },
  alibi: plain(alibiBias),
  kerple: plain(kerpleBias),
  'kerple-power': plain(({ heads }, { init }) => kerplePower(heads, init)),
  fire: plain(fireBias(0)),
  cope: ({ heads, width }, { init }) => ({ process: () => cope({ headDim: width / heads }, init) }),
  'transformer-xl': ({ heads, width }, { init }) => ({
    process: () => transformerXl({ heads, width }, init),
  }),
  'dape-none': dape(),
  'dape-rope': withRope(dape()),
  'dape-alibi': dape(alibiBias),
  'dape-kerple': dape(kerpleBias),
  'dape-fire': dape(fireBias(0.01)),
  'cdape-none': convolutional(),
  'cdape-rope': withRope(convolutional()),
  'cdape-alibi': convolutional(alibiBias),
  'cdape-kerple': convolutional(kerpleBias),
  'cdape-fire': convolutional(fireBias(0.01)),
} as const satisfies Record<string, Maker>;

export type PositionEncodingName = keyof typeof ENCODINGS;

/** All that `positionEncoding` knows, in the order of the table. */
export const POSITION_ENCODINGS = Object.keys(ENCODINGS) as readonly PositionEncodingName[];

/**
 * A position encoding for all layers of one model.
 *
 * @param streams weights are drawn from `init` as the layers are made, randomized positions from `dropout` while training
 * @throws UserError for an unknown name, or sizes that the encoding cannot have
 */
export function positionEncoding(
  name: string,
  options: PositionEncodingOptions,
  streams: Streams,
): PositionEncoding {
  assertEncodingName(name);
  checkSizes(options);
  return ENCODINGS[name](options, streams);
}

/** @throws UserError for a name that is not in the table, with those near it */
export function assertEncodingName(name: string): asserts name is PositionEncodingName {
  if (Object.hasOwn(ENCODINGS, name)) return;
  throw new UserError(
    `There is no position encoding '${name}'.${nearMatches(name, POSITION_ENCODINGS)} Known are ` +
      `${POSITION_ENCODINGS.join(', ')}.`,
  );
}

function checkSizes({ heads, width, trainingLength, maxLength = 2048 }: PositionEncodingOptions): void {
  for (const [name, size] of Object.entries({ heads, width, trainingLength, maxLength })) {
    if (!Number.isSafeInteger(size) || size < 1)
      throw new UserError(`Position encoding: ${name} must be a positive integer, got ${size}.`);
  }
  if (width % heads !== 0)
    throw new UserError(`Position encoding: ${heads} heads do not divide the width ${width}.`);
}

function ropeSizes({ heads, width, trainingLength }: PositionEncodingOptions) {
  return { headDim: width / heads, trainingLength };
}

/** The bias by itself, new for each layer. */
function plain(bias: BiasMaker): Maker {
  return (options, streams) => ({ process: () => addBias(bias(options, streams)) });
}

/** CDAPE on a bias, new for each layer, or on the scores alone. */
function convolutional(bias?: BiasMaker): Maker {
  return (options, streams) => {
    const { heads, kernelSize = 3, hiddenWidth = 32, residual = 'concatResidual' } = options;
    const { prefixConsistent = false } = options;
    const settings = { heads, width: hiddenWidth, kernelSize, residual, prefixConsistent };
    return { process: () => cdape({ ...settings, bias: bias?.(options, streams) }, streams.init) };
  };
}

/** CDAPE with kernel size 1. */
function dape(bias?: BiasMaker): Maker {
  const make = convolutional(bias);
  return (options, streams) => make({ ...options, kernelSize: 1 }, streams);
}

function withRope(make: Maker): Maker {
  return (options, streams) => ({
    ...make(options, streams),
    queryKeyTransform: rope(ropeSizes(options)),
  });
}
