import { describe, expect, it } from 'vitest';
import {
  binaryAdditionTask,
  fromBits,
  integerRoot,
  rootBits,
  toBits,
} from '../../../src/data/formal-languages/binary-numbers.ts';
import {
  bracketExpression,
  encodeBrackets,
  encodeEquation,
} from '../../../src/data/formal-languages/bracket-expressions.ts';
import { cyclePosition, evenPairs, parity } from '../../../src/data/formal-languages/counting.ts';
import {
  countedTargets,
  countRight,
  type FormalTaskName,
  formalTask,
  formalTaskNames,
} from '../../../src/data/formal-languages/index.ts';
import { evaluateModular } from '../../../src/data/formal-languages/modular-arithmetic.ts';
import { manipulateStack } from '../../../src/data/formal-languages/stack-manipulation.ts';
import { oddsFirst } from '../../../src/data/formal-languages/strings.ts';
import { RandomStream } from '../../../src/random/index.ts';

const digits = (text: string) => [...text].map(Number);
const streamOf = (name: string) => RandomStream.fromSeed(0, name);

describe('worked examples', () => {
  it('even pairs', () => {
    expect(evenPairs(digits('001110'))).toBe(0);
    expect(evenPairs(digits('0101001'))).toBe(1);
    expect(evenPairs([1])).toBe(0);
  });

  it('parity', () => {
    expect(parity(digits('0110'))).toBe(0);
    expect(parity(digits('111'))).toBe(1);
  });

  it('a walk on a cycle', () => {
    expect(cyclePosition([2, 0, 1, 0, 0])).toBe(3);
    expect(cyclePosition([2, 2, 2, 0])).toBe(2);
    expect(cyclePosition([1, 1])).toBe(0);
  });

  it('arithmetic without brackets, products first', () => {
    const value = (text: string) => evaluateModular(encodeBrackets(text));
    expect(value('1+2-4')).toBe(4);
    expect(value('0*1+4*3-2')).toBe(0);
    expect(value('4-3*2*4')).toBe(0);
    expect(value('2*3-4*4+1')).toBe(1);
    expect(value('3')).toBe(3);
  });

  it('characters of brackets and of equations', () => {
    expect(encodeBrackets('(4+3-2*1)')).toEqual([8, 4, 5, 3, 6, 2, 7, 1, 9]);
    expect(encodeEquation('(-x)+1=0')).toEqual([7, 6, 9, 8, 5, 1, 10, 0]);
  });

  it('a stack', () => {
    expect(manipulateStack([0, 1, 1, 0, 4, 2, 2])).toEqual([1, 1, 0, 2, 0, 0, 0, 0]);
    expect(manipulateStack([1, 1, 0, 2, 2, 2])).toEqual([2, 0, 0, 0, 0, 0, 0]);
    expect(manipulateStack([1, 2, 2, 3])).toEqual([0, 2, 0, 0, 0]);
    expect(manipulateStack([1])).toEqual([1, 2]);
  });

  it('sums and products, lowest bits first', () => {
    const [a, b] = [fromBits(digits('001')), fromBits(digits('01101'))];
    expect(toBits(a + b)).toEqual(digits('01011'));
    expect(toBits(a * b)).toEqual(digits('0001101'));
    const [c, d] = [fromBits(digits('1001')), fromBits(digits('000001'))];
    expect(toBits(c + d)).toEqual(digits('100101'));
    expect(toBits(c * d)).toEqual(digits('000001001'));
    expect(toBits(0n)).toEqual([0]);
  });

  it('roots, highest bits first', () => {
    expect(rootBits(digits('100101'))).toEqual(digits('110'));
    expect(rootBits(digits('111'))).toEqual(digits('10'));
    expect(rootBits(digits('0001'))).toEqual(digits('01'));
    for (let v = 0n; v < 2000n; v++) expect(integerRoot(v)).toBe(BigInt(Math.floor(Math.sqrt(Number(v)))));
    const large = 3n ** 300n;
    const root = integerRoot(large);
    expect(root * root <= large && (root + 1n) ** 2n > large).toBe(true);
  });

  it('odd places first', () => expect(oddsFirst(digits('00110101'))).toEqual(digits('01110100')));
});

/** How a task's answer follows from its input, by other means than its own. */
const answers: Readonly<Record<FormalTaskName, (input: readonly number[], n: number) => number[]>> = {
  even_pairs: (s) => [s.slice(1).filter((bit, at) => bit !== s[at]).length % 2],
  modular_arithmetic: (s) => [modulo5(evaluate(spell(s, '+-*')))],
  parity_check: (s) => [s.filter((bit) => bit === 1).length % 2],
  cycle_navigation: (s) => {
    const count = (move: number) => s.filter((one) => one === move).length;
    return [modulo5(count(2) - count(0))];
  },
  modular_arithmetic_brackets: (s) => [modulo5(evaluate(spell(s, '+-*()')))],
  reverse_string: (s) => s.map((_, at) => s[s.length - 1 - at] as number),
  stack_manipulation: (s) => {
    let stack = '';
    for (const token of s) {
      if (token === 2) stack = stack.slice(1);
      else stack = `${token === 4 || token === 1 ? 1 : 0}${stack}`;
    }
    return digits(`${stack}2`.padEnd(s.length + 1, '0'));
  },
  solve_equation: (s, n) => {
    if (n < 3) return [0];
    const text = spell(s, '+-()x=');
    const fits = [0, 1, 2, 3, 4].filter((digit) => {
      const [left, right] = text.replace('x', `${digit}`).split('=') as [string, string];
      return modulo5(evaluate(left)) === Number(right);
    });
    expect(fits, text).toHaveLength(1);
    return fits;
  },
  missing_duplicate_string: (s, n) => {
    if (n === 1) return [1];
    const half = Math.floor(n / 2);
    const at = s.indexOf(2);
    return [s[(at + half) % (2 * half)] as number];
  },
  duplicate_string: (s) => s.concat(s),
  odds_first: (s) => {
    const half = Math.floor(s.length / 2);
    return s.map((_, at) => s[at < half ? 2 * at + 1 : 2 * (at - half)] as number);
  },
  binary_addition: (s, n) => {
    const [a, b] = numbers(s);
    return digits(`${lowFirst(b === undefined ? (a as bigint) : (a as bigint) + b)}2`.padEnd(n + 1, '0'));
  },
  binary_multiplication: (s, n) => {
    const [a, b] = numbers(s);
    const product = b === undefined ? (n === 1 ? '' : '0') : lowFirst((a as bigint) * b);
    return digits(`${product}2`.padEnd(n, '0'));
  },
  compute_sqrt: (s, n) => {
    const v = BigInt(`0b${s.join('')}`);
    let [low, high] = [0n, v + 1n]; // low² ≤ v < high²
    while (high - low > 1n) {
      const middle = (low + high) / 2n;
      if (middle * middle <= v) low = middle;
      else high = middle;
    }
    return digits(low.toString(2).padStart(Math.ceil(n / 2), '0'));
  },
  bucket_sort: (s) => [0, 1, 2, 3, 4].flatMap((digit) => s.filter((token) => token === digit)),
};

function spell(tokens: readonly number[], characters: string): string {
  return tokens.map((token) => (token < 5 ? `${token}` : characters[token - 5])).join('');
}

/** Of characters that a test has made; products of five digits each stay exact at these lengths. */
function evaluate(text: string): number {
  expect(text).toMatch(/^[0-4+\-*()]+$/);
  return Number(new Function(`return ${text.replace(/[0-4]/g, '$&n').replace(/-/g, ' -')}`)() % 5n);
}

const modulo5 = (value: number) => ((value % 5) + 5) % 5;
const lowFirst = (value: bigint) => [...value.toString(2)].reverse().join('');
const numbers = (s: readonly number[]) =>
  s
    .join('')
    .split('2')
    .map((bits) => BigInt(`0b${[...bits].reverse().join('')}`));

describe.each(formalTaskNames)('%s', (name) => {
  const task = formalTask(name);

  it('has inputs and outputs of its lengths and classes, and the right answers', () => {
    const stream = streamOf(name);
    for (let i = 0; i < 500; i++) {
      const n = i < 60 ? 1 + Math.floor(i / 6) : 1 + stream.integer(60);
      const { input, output } = task.sample(n, stream);
      const shortened = name === 'modular_arithmetic' && n % 2 === 0;
      expect(input).toHaveLength(shortened ? n - 1 : n);
      expect(output).toHaveLength(task.outputLength(n));
      expect(input.every((token) => token >= 0 && token < task.inputs)).toBe(true);
      expect(output.every((token) => token >= 0 && token < task.classes)).toBe(true);
      expect(output, `of ${input}`).toEqual(answers[name](input, n));
    }
  });

  it('goes on to length 500', () => {
    const { input, output } = task.sample(500, streamOf(name));
    expect(output).toEqual(answers[name](input, 500));
  });

  it('is drawn alike from the same stream', () => {
    expect(task.sample(30, streamOf(name))).toEqual(task.sample(30, streamOf(name)));
  });
});

it('permutation-invariant tasks are those that say so', () => {
  const invariant = formalTaskNames.filter((name) => formalTask(name).permutationInvariant);
  expect(invariant).toEqual(['parity_check', 'cycle_navigation', 'bucket_sort']);
});

describe('expressions', () => {
  it('have exactly the length asked for, and every operator', () => {
    const stream = streamOf('expressions');
    const seen = new Set<string>();
    for (let n = 1; n <= 60; n++) {
      const { text } = bracketExpression(n, ['+', '-', '*'], stream);
      expect(text).toHaveLength(n);
      for (const character of text) seen.add(character);
    }
    expect([...seen].sort().join('')).toBe('()*+-01234');
  });
});

describe('what is counted', () => {
  it('ends with the terminator, in tasks that have one', () => {
    const counted = (target: number[], terminated = true) => countedTargets({ terminated }, target);
    expect(counted([1, 0, 1, 2, 0, 0, 0])).toBe(4);
    expect(counted([2, 0, 0])).toBe(1);
    expect(counted([2, 0, 0], false)).toBe(3);
  });

  it('is compared row by row', () => {
    const targets = Int32Array.of(1, 2, 0, 0, 1, 2);
    expect(countRight({ terminated: true }, [1, 0, 9, 0, 1, 2], targets, 3)).toEqual({
      right: 4,
      counted: 5,
    });
    expect(countRight({ terminated: false }, [1, 0, 9, 0, 1, 2], targets, 3)).toEqual({
      right: 4,
      counted: 6,
    });
  });
});

describe('without a look at the input', () => {
  /** Share right, every length from 41 to 500 weighing the same. */
  function blind(name: FormalTaskName, guess: (place: number, n: number) => number): number {
    const [stream, task, sequences] = [streamOf('blind'), formalTask(name), 3000];
    let sum = 0;
    for (let i = 0; i < sequences; i++) {
      const n = 41 + stream.integer(460);
      const { output } = task.sample(n, stream);
      const own = output.slice(0, countedTargets(task, output));
      sum += own.filter((token, at) => token === guess(at, n)).length / own.length;
    }
    return sum / sequences;
  }

  it.each([
    ['modular_arithmetic_brackets', () => 0, 'blind'],
    ['bucket_sort', (place: number, n: number) => Math.floor((5 * place) / n), 'blind'],
    ['even_pairs', () => 0, 'chance'],
    ['cycle_navigation', () => 0, 'chance'],
    ['solve_equation', () => 0, 'chance'],
    ['reverse_string', () => 0, 'chance'],
    ['binary_addition', () => 0, 'chance'],
    ['missing_duplicate_string', () => 0, 'chance'],
  ] as const)('%s is right as often as its task says', (name, guess, key) => {
    // One token each for most: a binomial of 3000 has a deviation of 0.009.
    expect(Math.abs(blind(name, guess) - (formalTask(name)[key] as number))).toBeLessThan(0.03);
  });
});

it('a sum has as many zeros after its terminator as there is room', () => {
  const stream = streamOf('binary_addition');
  const { input, output } = binaryAdditionTask.sample(9, stream);
  expect(input).toHaveLength(9);
  expect(output.slice(output.indexOf(2) + 1).every((token) => token === 0)).toBe(true);
});
