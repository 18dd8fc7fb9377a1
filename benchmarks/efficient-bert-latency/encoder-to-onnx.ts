import {
  type EfficientBert,
  type Expression,
  outputWidth,
  resolveFfnBlock,
} from '../../methods/efficient-bert/index.ts';
import { type Attribute, OnnxGraph } from './onnx-graph.ts';

const ACTIVATIONS: Readonly<Record<string, readonly [string, Readonly<Record<string, Attribute>>]>> = {
  gelu: ['Gelu', { approximate: 'tanh' }],
  sigmoid: ['Sigmoid', {}],
  tanh: ['Tanh', {}],
  relu: ['Relu', {}],
  leaky_relu: ['LeakyRelu', { alpha: { float: 0.01 } }],
  elu: ['Elu', { alpha: { float: 1 } }],
};

/** Operation, and what fills the shorter argument under the width rule max. */
const COMBINATIONS = { add: ['Add', 0], mul: ['Mul', 1], max: ['Max', -1e-10] } as const;

/**
 * An encoder as a file of ONNX that holds its weights: int64 tokens [B, T] → states of the first tokens [B, H], without padding
 * or segments. One product for queries, keys and values, as ours has.
 */
export async function encoderToOnnx({ config, encoder }: EfficientBert): Promise<Uint8Array> {
  const graph = new OnnxGraph();
  const { heads, width, epsilon, widthRule, hidden, expressions } = config;
  const shapes = new Map<string, readonly number[]>();
  for (const { name, variable } of encoder.parameters()) {
    graph.weight(name, (await variable.data()) as Float32Array, variable.shape);
    shapes.set(name, variable.shape);
  }
  const linear = (x: string, name: string) =>
    graph.add('Add', [graph.add('MatMul', [x, `${name}.weight`]), `${name}.bias`]);
  const norm = (x: string, name: string) =>
    graph.add('LayerNormalization', [x, `${name}.gain`, `${name}.bias`], {
      axis: -1,
      epsilon: { float: epsilon },
    });
  const slice = (x: string, starts: number, ends: string, axis: number) =>
    graph.add('Slice', [x, graph.integers([starts]), ends, graph.integers([axis])]);

  function combined(name: keyof typeof COMBINATIONS, sides: readonly (readonly [string, number])[]): string {
    const widths = sides.map(([, size]) => size);
    const [operation, filler] = COMBINATIONS[name];
    const target = widthRule === 'min' ? Math.min(...widths) : Math.max(...widths);
    const fitted = sides.map(([value, size]) => {
      if (size === target) return value;
      if (size > target) return slice(value, 0, graph.integers([target]), -1);
      return graph.add('Pad', [value, graph.integers([0, 0, 0, 0, 0, target - size]), graph.scalar(filler)]);
    });
    return graph.add(operation, fitted);
  }

  function network(tree: Expression, x: string, part: string, expanded: number): string {
    const sizes = { width, expanded, rule: widthRule };
    const value = (node: Expression): string => {
      switch (node.kind) {
        case 'input':
          return x;
        case 'linear':
          return linear(value(node.input), `${part}.${node.weights === 'wb1' ? 'expand' : 'contract'}`);
        case 'activation': {
          const inner = value(node.input);
          if (node.name === 'swish') return graph.add('Mul', [inner, graph.add('Sigmoid', [inner])]);
          const [operation, attributes] = ACTIVATIONS[node.name] as (typeof ACTIVATIONS)[string];
          return graph.add(operation, [inner], attributes);
        }
        case 'combination':
          return combined(
            node.name,
            [node.left, node.right].map((side) => [value(side), outputWidth(side, sizes)] as const),
          );
      }
    };
    return value(tree);
  }

  const tokens = graph.input('tokens', ['B', 'T']);
  const length = slice(graph.add('Shape', [tokens]), 1, graph.integers([2]), 0);
  let x: string;
  if (shapes.has('embedding.tokens.dense.weight')) {
    const current = graph.add('Gather', ['embedding.tokens.tokens.weight', tokens]); // [B, T, E]
    const padded = graph.add('Pad', [current, graph.integers([0, 1, 0, 0, 1, 0]), graph.scalar(0)]);
    const end = graph.add('Add', [length, graph.integers([2])]);
    const parts = [slice(padded, 2, end, 1), current, slice(padded, 0, length, 1)]; // next, current, previous
    x = linear(graph.add('Concat', parts, { axis: -1 }), 'embedding.tokens.dense');
  } else x = graph.add('Gather', ['embedding.tokens.weight', tokens]);
  const segment = slice('embedding.segments.weight', 0, graph.integers([1]), 0);
  x = graph.add('Add', [graph.add('Add', [x, segment]), slice('embedding.positions.weight', 0, length, 0)]);
  x = norm(x, 'embedding.norm');

  const depth = width / heads;
  const split = graph.integers([0, 0, heads, depth]);
  for (const [layer, text] of expressions.entries()) {
    const block = `blocks.${layer}`;
    const projected = linear(x, `${block}.attention.queryKeyValue`);
    const queries = graph.add('Split', [projected], { axis: -1, num_outputs: 3 }, 3);
    const head = (value: string, perm: readonly number[]) =>
      graph.add('Transpose', [graph.add('Reshape', [value, split])], { perm });
    const scores = graph.add('MatMul', [head(queries, [0, 2, 1, 3]), head(`${queries}.1`, [0, 2, 3, 1])]);
    const weights = graph.add('Softmax', [graph.add('Mul', [scores, graph.scalar(depth ** -0.5)])], {
      axis: -1,
    });
    const mixed = graph.add('MatMul', [weights, head(`${queries}.2`, [0, 2, 1, 3])]);
    const merged = graph.add('Transpose', [mixed], { perm: [0, 2, 1, 3] });
    const rows = graph.add('Reshape', [merged, graph.integers([0, 0, width])]);
    x = norm(graph.add('Add', [x, linear(rows, `${block}.attention.output`)]), `${block}.attentionNorm`);
    const { expression, stackedFfn, expanded } = resolveFfnBlock({
      expression: text,
      width,
      hidden,
      widthRule,
    });
    for (let ffn = 0; ffn < stackedFfn; ffn++) {
      const part = `${block}.feedForward.ffns.${ffn}`;
      x = norm(graph.add('Add', [x, network(expression, x, part, expanded)]), `${part}.norm`);
    }
  }
  const first = graph.add('Gather', [x, graph.integers([0])], { axis: 1 }); // [B, 1, H]
  return graph.finish(first, ['B', 1, width]);
}
