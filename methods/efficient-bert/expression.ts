import { UserError } from '../../src/errors.ts';

/** The primitives with one tensor argument: the activations. */
export const ACTIVATIONS = ['gelu', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'elu', 'swish'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** The elementwise primitives with two tensor arguments; see width-rule.ts for arguments of different widths. */
export const COMBINATIONS = ['add', 'mul', 'max'] as const;
export type Combination = (typeof COMBINATIONS)[number];

/** The two weight arguments: of the map that expands H to e, and of the one that contracts e to H. */
export type WeightsName = 'wb1' | 'wb2';

/** What the search chooses beside the tree. The authors write it into the name of each linear: `linear2_3` is 2 and 1/3. */
export interface FfnSize {
  /** k, how many feed-forward networks stand in a row: 1 to 4. */
  readonly stackedFfn: number;
  /** r = e/F, one of `EXPANSION_RATIOS`. */
  readonly expansionRatio: number;
}

export const MAX_STACKED_FFN = 4;
export const EXPANSION_RATIOS: readonly number[] = [1, 1 / 2, 1 / 3, 1 / 4];

/** A map of the searched feed-forward network as a tree; plain data. Only trees whose types work out can be written down. */
export type Expression =
  | { readonly kind: 'input' }
  | {
      readonly kind: 'linear';
      readonly input: Expression;
      readonly weights: WeightsName;
      /** Undefined for the anonymous `linear` of the second search stage. */
      readonly size: FfnSize | undefined;
    }
  | { readonly kind: 'activation'; readonly name: Activation; readonly input: Expression }
  | {
      readonly kind: 'combination';
      readonly name: Combination;
      readonly left: Expression;
      readonly right: Expression;
    };

export type LinearExpression = Extract<Expression, { kind: 'linear' }>;

/**
 * The canonical string, without blanks: `linear2_2(gelu(linear2_2(max(x,tanh(x)),wb1)),wb2)`. `parseExpression` takes it back.
 *
 * @throws UserError for a size that has no name
 */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'input':
      return 'x';
    case 'linear':
      return `${linearName(expression)}(${printExpression(expression.input)},${expression.weights})`;
    case 'activation':
      return `${expression.name}(${printExpression(expression.input)})`;
    case 'combination':
      return `${expression.name}(${printExpression(expression.left)},${printExpression(expression.right)})`;
  }
}

/** `linear2_3` for two stacked networks of ratio 1/3, `linear` for no size. */
export function linearName({ size }: Pick<LinearExpression, 'size'>): string {
  if (!size) return 'linear';
  const divisor = EXPANSION_RATIOS.indexOf(size.expansionRatio) + 1;
  if (
    divisor === 0 ||
    !Number.isInteger(size.stackedFfn) ||
    size.stackedFfn < 1 ||
    size.stackedFfn > MAX_STACKED_FFN
  ) {
    throw new UserError(
      `No linear has ${size.stackedFfn} stacked networks and expansion ratio ${size.expansionRatio}: ` +
        `there are 1 to ${MAX_STACKED_FFN}, and 1, 1/2, 1/3, 1/4.`,
    );
  }
  return `linear${size.stackedFfn}_${divisor}`;
}

/** The expressions that are arguments, in the order in which they are written. */
export function argumentsOf(expression: Expression): readonly Expression[] {
  if (expression.kind === 'input') return [];
  return expression.kind === 'combination' ? [expression.left, expression.right] : [expression.input];
}

/** Depth of the deepest node, 0 for the root. The weights of a linear are a leaf below it. */
export function expressionHeight(expression: Expression): number {
  const below = argumentsOf(expression).map((argument) => 1 + expressionHeight(argument));
  return Math.max(0, ...below);
}

/** Number of nodes, leaves and weights included. */
export function expressionSize(expression: Expression): number {
  const own = expression.kind === 'linear' ? 2 : 1;
  return argumentsOf(expression).reduce((sum, argument) => sum + expressionSize(argument), own);
}

/** All linears, in the order in which their weights are written. */
export function linearsOf(expression: Expression): LinearExpression[] {
  const inside = argumentsOf(expression).flatMap(linearsOf);
  return expression.kind === 'linear' ? [...inside, expression] : inside;
}
