import { UserError } from '../../src/errors.ts';
import type { DropoutOptions, Initializer } from '../../src/nn/index.ts';
import { type Expression, linearName, linearsOf, printExpression } from './expression.ts';
import { parseExpression } from './expression-parser.ts';
import { refusalsOf } from './legality.ts';
import { expandedWidth, type FfnBlock } from './mlp-block.ts';
import { outputWidth, type WidthRule } from './width-rule.ts';

export interface SearchedMlpOptions {
  /** f: a tree, or a text such as `linear2_2(gelu(linear2_2(max(x,tanh(x)),wb1)),wb2)`. */
  readonly expression: Expression | string;
  /** H, of input and output. */
  readonly width: number;
  /** F, hidden width at ratio 1. Default H, as in all published models but one. */
  readonly hidden?: number;
  /** k. Default what the name of the linears says, or 1 where they are anonymous. */
  readonly stackedFfn?: number;
  /** r, in (0, 1]. Default what the name of the linears says, or 1 where they are anonymous. */
  readonly expansionRatio?: number;
  /** Default `min`. */
  readonly widthRule?: WidthRule;
  /** ε of each LayerNorm. Default 1e-5, the authors' (PyTorch's default; BERT: 1e-12). */
  readonly epsilon?: number;
  /** Of each residual branch. Default none; the authors train with 0.1. */
  readonly dropout?: DropoutOptions;
  /** Of all kernels. Default N(0, 0.02²), the authors'. */
  readonly initializer?: Initializer;
}

/** @throws UserError for an illegal expression (with all reasons), sizes that contradict its names, or widths that do not fit */
export function resolveFfnBlock(options: SearchedMlpOptions): FfnBlock {
  const { width, hidden = width, widthRule = 'min', epsilon = 1e-5 } = options;
  const expression =
    typeof options.expression === 'string' ? parseExpression(options.expression) : options.expression;
  const refusals = refusalsOf(expression);
  if (refusals.length > 0) {
    const reasons = refusals.map(({ reason }) => reason).join(' ');
    fail(`${printExpression(expression)} is not legal. ${reasons}`);
  }
  const stackedFfn = resolveSize(expression, 'stackedFfn', options.stackedFfn);
  const expansionRatio = resolveSize(expression, 'expansionRatio', options.expansionRatio);
  for (const [name, value] of Object.entries({ width, hidden, stackedFfn })) {
    if (!Number.isSafeInteger(value) || value < 1) fail(`${name} must be a positive integer, got ${value}.`);
  }
  if (!(expansionRatio > 0 && expansionRatio <= 1)) {
    fail(`expansionRatio must be more than 0 and at most 1, got ${expansionRatio}.`);
  }
  if (widthRule !== 'min' && widthRule !== 'max') fail(`widthRule must be min or max, got ${widthRule}.`);
  if (!(epsilon > 0)) fail(`epsilon must be positive, got ${epsilon}.`);
  const expanded = expandedWidth(hidden, expansionRatio);
  if (expanded < 1) fail(`no hidden unit is left: ${expansionRatio} of ${hidden}.`);
  const output = outputWidth(expression, { width, expanded, rule: widthRule });
  if (output !== width) {
    fail(`${printExpression(expression)} has ${output} channels where the residual sum needs ${width}.`);
  }
  return { expression, stackedFfn, expanded, widthRule, epsilon };
}

function resolveSize(
  expression: Expression,
  name: 'stackedFfn' | 'expansionRatio',
  given: number | undefined,
): number {
  const [linear] = linearsOf(expression);
  const named = linear?.size?.[name];
  if (linear && named !== undefined && given !== undefined && given !== named) {
    fail(`${name} is ${given}, but ${linearName(linear)} says ${named}. Leave one out.`);
  }
  return given ?? named ?? 1;
}

function fail(problem: string): never {
  throw new UserError(`Searched MLP: ${problem}`);
}
