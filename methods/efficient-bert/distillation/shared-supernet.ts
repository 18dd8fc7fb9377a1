import type * as tf from '@tensorflow/tfjs';
import type { EncoderModel, EncoderSizes, StoredTensor } from '../../../src/bert/index.ts';
import { UserError } from '../../../src/errors.ts';
import { Encoder, EncoderBlock } from '../../../src/nn/encoder/index.ts';
import type { Linear, Parameter } from '../../../src/nn/index.ts';
import type { RandomStreams } from '../../../src/random/index.ts';
import { resolveFfnBlock } from '../config.ts';
import type { EfficientBert } from '../efficient-bert.ts';
import { type Expression, printExpression } from '../expression.ts';
import { parseExpression } from '../expression-parser.ts';
import type { FfnBlock } from '../mlp-block.ts';
import { sizeOf, withSize } from '../search/sizes.ts';
import { SearchedMlp } from '../searched-mlp.ts';
import { type ChosenSize, SharedMlp } from './shared-mlp.ts';

/**
 * A supernet whose sub-networks share its weights: in each layer the chosen number of its networks, and of each the chosen first
 * hidden units, under operations that are fixed. The choice enters a captured graph from outside, so that all sub-networks run,
 * and are trained, by one graph.
 *
 * A sub-network computes what a model with copies of its weights (`copyFromSupernet`) computes. Hidden units and networks that are
 * not chosen get gradients of zero; so weight decay and the momentum of earlier steps still move them, as in the authors' code.
 *
 * Heads stand on it as on any encoder. It is saved, and hands its weights on, as the supernet that it was made from.
 */
export class SharedSupernet implements EncoderModel {
  readonly encoder: Encoder;
  readonly #supernet: EfficientBert;
  readonly #operations: readonly string[];
  readonly #layers: readonly { readonly mlp: SharedMlp; readonly held: ChosenSize }[];
  #chosen: readonly string[];

  /**
   * @param supernet of `supernetOf`, new or pre-trained; owned from here on
   * @param expressions of each layer with sizes: the operations that are fixed, and the sub-network that is chosen first
   * @param streams dropout masks are drawn from `dropout`
   * @throws UserError for another number of layers, layers without a size, or operations whose widths do not fit at full width
   */
  constructor(supernet: EfficientBert, expressions: readonly string[], streams: RandomStreams) {
    const { config } = supernet;
    this.#supernet = supernet;
    checkLayers(expressions.length, supernet);
    this.#operations = expressions.map((text) => operationsOf(parseExpression(text)));
    const dropout = { rate: config.dropout, stream: streams.dropout };
    const layers = supernet.encoder.blocks.map((block, i) => {
      const whole = this.#resolve(withSize(parseExpression(expressions[i] as string), undefined));
      if (!(block instanceof EncoderBlock && block.feedForward instanceof SearchedMlp))
        throw new RangeError('A shared supernet stands on an EfficientBert.');
      const { ffns, block: held } = block.feedForward;
      const mlp = new SharedMlp({ ...whole, ffns, dropout }, held);
      const { attention, attentionNorm } = block;
      return { mlp, held, block: new EncoderBlock({ attention, attentionNorm, feedForward: mlp, dropout }) };
    });
    this.#layers = layers;
    this.encoder = new Encoder(
      supernet.encoder.embedding,
      layers.map(({ block }) => block),
    );
    this.#chosen = [];
    this.choose(expressions);
  }

  /** Of each layer, with its size. */
  get chosen(): readonly string[] {
    return this.#chosen;
  }

  /**
   * Chooses the sub-network of all calls from now on.
   *
   * @param expressions of each layer, with sizes
   * @throws UserError for other operations, a size that the supernet does not hold, or one in which the widths do not fit
   */
  choose(expressions: readonly string[]): void {
    checkLayers(expressions.length, this.#supernet);
    const sizes = expressions.map((text, i) => {
      const expression = parseExpression(text);
      const operations = operationsOf(expression);
      if (operations !== this.#operations[i]) {
        throw new UserError(
          `Layer ${i + 1} of the shared supernet computes ${this.#operations[i]}, and cannot become ${operations}.`,
        );
      }
      if (sizeOf(expression) === undefined)
        throw new UserError(`Layer ${i + 1} of a sub-network needs a size: ${text} names none.`);
      const { stackedFfn, expanded } = this.#resolve(expression);
      const held = this.#layers[i]?.held as ChosenSize;
      if (stackedFfn > held.stackedFfn || expanded > held.expanded)
        throw new UserError(`Layer ${i + 1} of the supernet holds too little for ${text}.`);
      return { stackedFfn, expanded };
    });
    for (const [i, size] of sizes.entries()) this.#layers[i]?.mlp.choose(size);
    this.#chosen = [...expressions];
  }

  #resolve(expression: Expression): FfnBlock {
    const { width, hidden, widthRule, epsilon } = this.#supernet.config;
    return resolveFfnBlock({ expression, width, hidden, widthRule, epsilon });
  }

  get fit(): Linear | undefined {
    return this.#supernet.fit;
  }

  get family(): string {
    return this.#supernet.family;
  }

  get architecture(): string {
    return this.#supernet.architecture;
  }

  get sizes(): EncoderSizes {
    return this.#supernet.sizes;
  }

  get tokenTable(): tf.Tensor2D {
    return this.#supernet.tokenTable;
  }

  settings(): Readonly<Record<string, unknown>> {
    return this.#supernet.settings();
  }

  stored(): StoredTensor[] {
    return this.#supernet.stored();
  }

  parameters(): Parameter[] {
    return this.#supernet.parameters();
  }

  dispose(): void {
    this.#supernet.dispose();
  }
}

function operationsOf(expression: Expression): string {
  return printExpression(withSize(expression, undefined));
}

function checkLayers(given: number, { config }: EfficientBert): void {
  const layers = config.expressions.length;
  if (given !== layers)
    throw new UserError(`A sub-network of this supernet has ${layers} layers, got ${given} expressions.`);
}
