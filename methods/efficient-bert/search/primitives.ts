import {
  ACTIVATIONS,
  type Activation,
  COMBINATIONS,
  type Combination,
  type Expression,
  type FfnSize,
  linearName,
  type WeightsName,
} from '../expression.ts';
import { FFN_SIZES } from './sizes.ts';

/**
 * The nodes that a tree may have, numbered as the authors register them. Trees are lists of these numbers in the order in which
 * they are written, so that mutation can also make those whose types do not work out.
 */
export interface PrimitiveSet {
  readonly names: readonly string[];
  readonly arities: readonly number[];
  /** Numbers of all primitives with arguments. */
  readonly inner: readonly number[];
  /** x, wb1, wb2. */
  readonly leaves: readonly number[];
  /** By number of arguments, 0 to 2. */
  readonly ofArity: readonly (readonly number[])[];
  /** The size that each linear has, undefined for anything else and where linears are anonymous. */
  readonly sizes: readonly (FfnSize | undefined)[];
}

const LEAVES = ['x', 'wb1', 'wb2'];

function primitiveSet(linears: readonly (FfnSize | undefined)[]): PrimitiveSet {
  const linearNames = linears.map((size) => linearName({ size }));
  const names = [...linearNames, ...COMBINATIONS, ...ACTIVATIONS, ...LEAVES];
  const binary = linears.length + COMBINATIONS.length;
  const arities = names.map((_, id) => (id < binary ? 2 : id < names.length - LEAVES.length ? 1 : 0));
  const where = (wanted: (arity: number) => boolean) =>
    names.map((_, id) => id).filter((id) => wanted(arities[id] as number));
  return {
    names,
    arities,
    inner: where((arity) => arity > 0),
    leaves: where((arity) => arity === 0),
    ofArity: [0, 1, 2].map((arity) => where((own) => own === arity)),
    sizes: names.map((_, id) => linears[id]),
  };
}

/** Of the first and third stages: sixteen linears, one for each size. */
export const SIZED_PRIMITIVES = primitiveSet(FFN_SIZES);
/** Of the second stage: one anonymous linear. */
export const ANONYMOUS_PRIMITIVES = primitiveSet([undefined]);

/** Numbers of the nodes in the order in which they are written. */
export function nodeIds(expression: Expression, set: PrimitiveSet): number[] {
  const id = (name: string) => {
    const found = set.names.indexOf(name);
    if (found < 0) throw new RangeError(`${name} is no primitive of this set.`);
    return found;
  };
  const walk = (node: Expression): number[] => {
    switch (node.kind) {
      case 'input':
        return [id('x')];
      case 'linear':
        return [id(linearName(node)), ...walk(node.input), id(node.weights)];
      case 'activation':
        return [id(node.name), ...walk(node.input)];
      case 'combination':
        return [id(node.name), ...walk(node.left), ...walk(node.right)];
    }
  };
  return walk(expression);
}

/** The tree of these nodes, or undefined where a linear gets a tensor for weights or anything else gets weights. */
export function expressionOf(ids: readonly number[], set: PrimitiveSet): Expression | undefined {
  let at = 0;
  const next = (): Expression | WeightsName | undefined => {
    const id = ids[at++] as number;
    const name = set.names[id] as string;
    if (name === 'x') return { kind: 'input' };
    if (name === 'wb1' || name === 'wb2') return name;
    const first = next();
    if (typeof first !== 'object') return undefined;
    if (set.arities[id] === 1) return { kind: 'activation', name: name as Activation, input: first };
    const second = next();
    if (second === undefined) return undefined;
    if (typeof second === 'object') {
      const combination = COMBINATIONS.includes(name as Combination);
      return combination
        ? { kind: 'combination', name: name as Combination, left: first, right: second }
        : undefined;
    }
    const linear = name.startsWith('linear');
    return linear ? { kind: 'linear', input: first, weights: second, size: set.sizes[id] } : undefined;
  };
  const tree = next();
  return typeof tree === 'object' ? tree : undefined;
}
