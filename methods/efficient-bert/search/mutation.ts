import type { RandomStream } from '../../../src/random/index.ts';
import type { Expression } from '../expression.ts';
import { expressionOf, nodeIds, type PrimitiveSet } from './primitives.ts';

/** Height of a random subtree, inclusive. */
const MAX_SUBTREE_HEIGHT = 3;

/**
 * One mutation as the authors make it with DEAP's operators, three in a row: a random subtree becomes a random tree, a node
 * becomes another with as many arguments, and a primitive is put on top of a node. What comes out seldom is a legal expression.
 */
export function mutateIds(ids: readonly number[], set: PrimitiveSet, stream: RandomStream): number[] {
  return insertPrimitive(replaceNode(replaceSubtree(ids, set, stream), set, stream), set, stream);
}

/**
 * Mutates until `accepts` does, each time from the base.
 *
 * @returns undefined where all tries failed
 */
export function mutateExpression(
  base: Expression,
  set: PrimitiveSet,
  { tries, accepts }: { readonly tries: number; readonly accepts: (tree: Expression) => boolean },
  stream: RandomStream,
): Expression | undefined {
  const ids = nodeIds(base, set);
  for (let i = 0; i < tries; i++) {
    const tree = expressionOf(mutateIds(ids, set, stream), set);
    if (tree && accepts(tree)) return tree;
  }
  return undefined;
}

/** Any node, with all below it, gives way to a full tree: all its leaves at one depth of 0 to 3. */
function replaceSubtree(ids: readonly number[], set: PrimitiveSet, stream: RandomStream): number[] {
  const start = stream.integer(ids.length);
  const tree = fullTree(stream.integer(MAX_SUBTREE_HEIGHT + 1), set, stream);
  return [...ids.slice(0, start), ...tree, ...ids.slice(subtreeEnd(ids, start, set))];
}

function fullTree(height: number, set: PrimitiveSet, stream: RandomStream): number[] {
  if (height === 0) return [pick(set.leaves, stream)];
  const id = pick(set.inner, stream);
  const tree = [id];
  for (let i = 0; i < (set.arities[id] as number); i++) tree.push(...fullTree(height - 1, set, stream));
  return tree;
}

/** Any node but the root becomes one with as many arguments, perhaps itself. */
function replaceNode(ids: readonly number[], set: PrimitiveSet, stream: RandomStream): number[] {
  if (ids.length < 2) return [...ids];
  const at = 1 + stream.integer(ids.length - 1);
  const arity = set.arities[ids[at] as number] as number;
  return ids.with(at, pick(set.ofArity[arity] as readonly number[], stream));
}

/** Any subtree becomes an argument of a new primitive in its place; the other argument is a leaf. */
function insertPrimitive(ids: readonly number[], set: PrimitiveSet, stream: RandomStream): number[] {
  const start = stream.integer(ids.length);
  const end = subtreeEnd(ids, start, set);
  const id = pick(set.inner, stream);
  const arity = set.arities[id] as number;
  const slot = stream.integer(arity);
  const inserted = [id];
  for (let i = 0; i < arity; i++) {
    if (i === slot) inserted.push(...ids.slice(start, end));
    else inserted.push(pick(set.leaves, stream));
  }
  return [...ids.slice(0, start), ...inserted, ...ids.slice(end)];
}

/** Where what follows the subtree begins. */
function subtreeEnd(ids: readonly number[], start: number, set: PrimitiveSet): number {
  let at = start;
  for (let open = 1; open > 0; at++) open += (set.arities[ids[at] as number] as number) - 1;
  return at;
}

function pick(ids: readonly number[], stream: RandomStream): number {
  return ids[stream.integer(ids.length)] as number;
}
