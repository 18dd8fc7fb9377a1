import type { RandomStream } from '../../random/index.ts';
import { between, type FormalTask } from './formal-task.ts';

export type Operator = '+' | '-' | '*';

/** A text of digits, operators and brackets, and its value modulo 5. */
interface Expression {
  readonly text: string;
  readonly value: number;
}

/**
 * An expression of exactly n characters: d, −d, (d), (−d) for the lengths 1 to 4, and (L op R) from 5 on, the length of L uniform.
 */
export function bracketExpression(
  n: number,
  operators: readonly Operator[],
  stream: RandomStream,
): Expression {
  if (n >= 5) {
    const left = bracketExpression(between(1, n - 4, stream), operators, stream);
    const right = bracketExpression(n - 3 - left.text.length, operators, stream);
    const operator = operators[stream.integer(operators.length)] as Operator;
    const value = modulo5(apply(operator, left.value, right.value));
    return { text: `(${left.text}${operator}${right.text})`, value };
  }
  const digit = stream.integer(5);
  const negative = n === 2 || n === 4;
  const inner = `${negative ? '-' : ''}${digit}`;
  return { text: n >= 3 ? `(${inner})` : inner, value: modulo5(negative ? -digit : digit) };
}

function apply(operator: Operator, left: number, right: number): number {
  if (operator === '*') return left * right;
  return operator === '+' ? left + right : left - right;
}

function modulo5(value: number): number {
  return ((value % 5) + 5) % 5;
}

/** Numbers of characters; digits stand for themselves. */
function encoder(characters: string): (text: string) => number[] {
  return (text) =>
    [...text].map((character) => {
      const at = characters.indexOf(character);
      return at < 0 ? Number(character) : 5 + at;
    });
}

/** + 5, - 6, * 7, ( 8, ) 9; the class 10 is never drawn. */
export const encodeBrackets = encoder('+-*()');

/** + 5, - 6, ( 7, ) 8, x 9, = 10 */
export const encodeEquation = encoder('+-()x=');

export const modularArithmeticBracketsTask: FormalTask = {
  level: 'DCF',
  permutationInvariant: false,
  inputs: 11,
  classes: 5,
  outputLength: () => 1,
  terminated: false,
  chance: 0.2,
  blind: 0.299, // products are 0 more often than anything else
  sample(n, stream) {
    const { text, value } = bracketExpression(n, ['+', '-', '*'], stream);
    return { input: encodeBrackets(text), output: [value] };
  },
};

/** `expression=value` with one digit replaced by x, which is to be found; below three characters only zeros. */
export const solveEquationTask: FormalTask = {
  level: 'DCF',
  permutationInvariant: false,
  inputs: 11,
  classes: 5,
  outputLength: () => 1,
  terminated: false,
  chance: 0.2,
  sample(n, stream) {
    if (n < 3) return { input: new Array<number>(n).fill(0), output: [0] };
    const { text, value } = bracketExpression(n - 2, ['+', '-'], stream);
    const equation = `${text}=${value}`;
    let at = stream.integer(n);
    while (!/\d/.test(equation[at] as string)) at = (at + 1) % n; // the next digit to the right
    const hidden = `${equation.slice(0, at)}x${equation.slice(at + 1)}`;
    return { input: encodeEquation(hidden), output: [Number(equation[at])] };
  },
};
