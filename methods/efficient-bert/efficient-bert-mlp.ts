import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import { ParameterVariable } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { type Expression, printExpression } from './expression.ts';
import { parseExpression } from './expression-parser.ts';
import { SearchedMlp } from './searched-mlp.ts';
import type { WidthRule } from './width-rule.ts';

/** Plain data: it is stored with the model. */
export interface EfficientBertMlpConfig {
  /** f, such as `linear2_2(gelu(linear2_2(max(x,tanh(x)),wb1)),wb2)`. */
  readonly expression: string;
  /** F, hidden width at ratio 1. Default null: the width of the input. */
  readonly hidden: number | null;
  /** k. Default null: what the name of the linears says, or 1 where they are anonymous. */
  readonly stackedFfn: number | null;
  /** r, in (0, 1]. Default null: what the name of the linears says, or 1 where they are anonymous. */
  readonly expansionRatio: number | null;
  /** Default `min`. */
  readonly widthRule: WidthRule;
  /** ε of each LayerNorm. Default 1e-5. */
  readonly epsilon: number;
  /** Of each residual branch, while training. Default 0; the authors train with 0.1. */
  readonly dropout: number;
  /** Initial weights and dropout; the name of the layer is hashed in. Default 0. */
  readonly seed: number;
}

export type EfficientBertMlpOptions = Partial<Omit<EfficientBertMlpConfig, 'expression'>> & {
  readonly expression: Expression | string;
  readonly name?: string;
};

/**
 * The searched feed-forward networks of one Transformer layer, residual sums and LayerNorms included, for models of `tf.layers`,
 * from [B, .., H] to [B, .., H]:
 *
 *   model.add(new EfficientBertMlp({ expression: 'linear2_2(gelu(linear2_2(max(x,tanh(x)),wb1)),wb2)' }));
 *
 * Each position is treated alone, and so a mask is passed on as it is. To load a saved model, call `registerEfficientBertMlp()` first.
 */
export class EfficientBertMlp extends tf.layers.Layer {
  static readonly className = 'EfficientBertMlp';
  readonly config: EfficientBertMlpConfig;
  #mlp: SearchedMlp | undefined;

  /** @throws UserError for a text that is no expression; when built, as `resolveFfnBlock` */
  constructor(options: EfficientBertMlpOptions) {
    super({ ...(options.name !== undefined && { name: options.name }) });
    const { expression } = options;
    this.config = {
      expression: printExpression(typeof expression === 'string' ? parseExpression(expression) : expression),
      hidden: options.hidden ?? null,
      stackedFfn: options.stackedFfn ?? null,
      expansionRatio: options.expansionRatio ?? null,
      widthRule: options.widthRule ?? 'min',
      epsilon: options.epsilon ?? 1e-5,
      dropout: options.dropout ?? 0,
      seed: options.seed ?? 0,
    };
    this.supportsMasking = true;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const width = shape.at(-1);
    if (shape.length < 2 || typeof width !== 'number') {
      throw new UserError(
        `EfficientBertMlp: the input must have shape [B, …, H] with H known, got [${shape}].`,
      );
    }
    const { expression, hidden, stackedFfn, expansionRatio, widthRule, epsilon, dropout, seed } = this.config;
    const stream = (use: string) => RandomStream.fromSeed(seed, `${this.name}/${use}`);
    const mlp = new SearchedMlp(
      {
        expression,
        width,
        widthRule,
        epsilon,
        dropout: { rate: dropout, stream: stream('dropout') },
        ...(hidden !== null && { hidden }),
        ...(stackedFfn !== null && { stackedFfn }),
        ...(expansionRatio !== null && { expansionRatio }),
      },
      stream('init'),
    );
    this.#mlp = mlp;
    for (const parameter of mlp.parameters()) this._trainableWeights.push(new ParameterVariable(parameter));
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training }: { training?: boolean } = {}): tf.Tensor {
    const [x] = Array.isArray(inputs) ? inputs : [inputs];
    const mlp = this.#mlp as SearchedMlp; // `apply` has built it
    return mlp.apply(x as tf.Tensor, { training: training ?? false });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  /**
   * With the expression under `name`: a saved model's other strings are put into Python's spelling and back, by which `linear2_2`
   * and `leaky_relu` would become `linear22` and `leakyRelu`.
   */
  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config, expression: { name: this.config.expression } };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { name } = config.expression as { name: string };
    return new cls({ ...config, expression: name });
  }
}

/** Makes saved models with `EfficientBertMlp` loadable. A second call does nothing. */
export function registerEfficientBertMlp(): void {
  tf.serialization.registerClass(EfficientBertMlp);
}

function singleShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
  return Array.isArray(shape[0]) ? (shape[0] as tf.Shape) : (shape as tf.Shape);
}
