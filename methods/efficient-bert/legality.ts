import { UserError } from '../../src/errors.ts';
import {
  argumentsOf,
  type Expression,
  expressionHeight,
  linearName,
  linearsOf,
  printExpression,
} from './expression.ts';
import { parseExpression } from './expression-parser.ts';

/** Why the search would not try an expression. */
export interface Refusal {
  readonly rule: 'syntax' | 'height' | 'weights' | 'activations' | 'linears' | 'arguments';
  /** One sentence for a person. */
  readonly reason: string;
}

/** Heights that the search allows, inclusive. */
export interface HeightRange {
  readonly min: number;
  readonly max: number;
}

export const SEARCHED_HEIGHTS: HeightRange = { min: 3, max: 7 };

/**
 * The authors' legality test (`check_individual`): empty for a legal expression, else every rule that it breaks, in their
 * order. Their test that x occurs is missing: no tree can be written down without it. Widths are no part of the test, so that a
 * legal expression may still fit no ratio but 1: see `outputWidth`.
 *
 * @param expression a tree, or a text; one that cannot be parsed is refused for its syntax, and for that alone
 */
export function refusalsOf(
  expression: Expression | string,
  heights: HeightRange = SEARCHED_HEIGHTS,
): Refusal[] {
  let tree: Expression;
  try {
    tree = typeof expression === 'string' ? parseExpression(expression) : expression;
  } catch (error) {
    if (error instanceof UserError) return [{ rule: 'syntax', reason: error.message }];
    throw error;
  }
  return [...heightRefusals(tree, heights), ...weightRefusals(tree), ...nodeRefusals(tree)];
}

function heightRefusals(tree: Expression, { min, max }: HeightRange): Refusal[] {
  const height = expressionHeight(tree);
  if (height >= min && height <= max) return [];
  return [{ rule: 'height', reason: `The height is ${height}; it must be ${min} to ${max}.` }];
}

/** Exactly two linears, the one with wb1 written first, both with the same name. */
function weightRefusals(tree: Expression): Refusal[] {
  const linears = linearsOf(tree);
  const refusals: Refusal[] = [];
  const weights = linears.map((linear) => linear.weights).join(', ');
  if (weights !== 'wb1, wb2') {
    refusals.push({
      rule: 'weights',
      reason: `The weights are, in order: ${weights || 'none'}; they must be wb1, wb2.`,
    });
  }
  const names = new Set(linears.map(linearName));
  if (names.size > 1) {
    refusals.push({
      rule: 'linears',
      reason: `The linears must have one name; there are ${[...names].join(' and ')}.`,
    });
  }
  return refusals;
}

/** What no node may be given directly. */
function nodeRefusals(node: Expression): Refusal[] {
  const below = argumentsOf(node).flatMap(nodeRefusals);
  if (node.kind === 'activation' && node.input.kind === 'activation') {
    const reason = `An activation acts on an activation: ${node.name}(${node.input.name}(…)).`;
    return [{ rule: 'activations', reason }, ...below];
  }
  if (node.kind === 'linear' && node.input.kind === 'linear') {
    const reason = `A linear acts on a linear: ${linearName(node)}(${linearName(node.input)}(…),…).`;
    return [{ rule: 'linears', reason }, ...below];
  }
  if (node.kind === 'combination') {
    const [left, right] = [printExpression(node.left), printExpression(node.right)];
    // The authors' pattern does not see equal arguments that hold a comma: add(add(x,a),add(x,a)) is legal.
    if (left === right && !left.includes(',')) {
      const reason = `Both arguments are the same: ${node.name}(${left},${right}).`;
      return [{ rule: 'arguments', reason }, ...below];
    }
  }
  return below;
}
