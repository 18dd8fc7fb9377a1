/** The shapes of well-known models, weights tied as their authors tie them; kernels [inputs, outputs] as in TensorFlow.js. */

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface ModelShapes {
  readonly title: string;
  readonly variables: readonly NamedShape[];
}

export const models: Readonly<Record<string, ModelShapes>> = {
  'bert-tiny': { title: 'BERT-Tiny', variables: bert(128, 2) },
  'bert-base': { title: 'BERT-Base', variables: bert(768, 12) },
  'bert-large': { title: 'BERT-Large', variables: bert(1024, 24) },
  'gpt2-124m': { title: 'GPT-2 124M', variables: gpt2(768, 12) },
  'gpt2-medium': { title: 'GPT-2 Medium', variables: gpt2(1024, 24) },
  't5-small': {
    title: 'T5-Small',
    variables: t5({ width: 512, inner: 512, heads: 8, intermediate: 2048, layers: 6 }),
  },
  't5-base': {
    title: 'T5-Base',
    variables: t5({ width: 768, inner: 768, heads: 12, intermediate: 3072, layers: 12 }),
  },
  'llama-7b': { title: 'Llama-7B', variables: llama(4096, 32, 11008) },
};

/** Devlin et al. 2019, with pooler and both pre-training heads; the vocabulary padded to a multiple of 8, as CAME's authors do. */
function bert(width: number, layers: number): NamedShape[] {
  const vocabulary = 30528;
  return [
    { name: 'embeddings/token', shape: [vocabulary, width] },
    { name: 'embeddings/position', shape: [512, width] },
    { name: 'embeddings/segment', shape: [2, width] },
    ...layerNorm('embeddings/norm', width),
    ...repeat(layers, (layer) => [
      ...['query', 'key', 'value', 'output'].flatMap((part) => linear(`${layer}/${part}`, width, width)),
      ...layerNorm(`${layer}/norm1`, width),
      ...linear(`${layer}/intermediate`, width, 4 * width),
      ...linear(`${layer}/down`, 4 * width, width),
      ...layerNorm(`${layer}/norm2`, width),
    ]),
    ...linear('pooler', width, width),
    ...linear('mlm/transform', width, width),
    ...layerNorm('mlm/norm', width),
    { name: 'mlm/bias', shape: [vocabulary] },
    ...linear('nsp', width, 2),
  ];
}

/** Radford et al. 2019: queries, keys and values in one kernel; the output layer is the token embedding. */
function gpt2(width: number, layers: number): NamedShape[] {
  return [
    { name: 'embeddings/token', shape: [50257, width] },
    { name: 'embeddings/position', shape: [1024, width] },
    ...repeat(layers, (layer) => [
      ...layerNorm(`${layer}/norm1`, width),
      ...linear(`${layer}/qkv`, width, 3 * width),
      ...linear(`${layer}/output`, width, width),
      ...layerNorm(`${layer}/norm2`, width),
      ...linear(`${layer}/intermediate`, width, 4 * width),
      ...linear(`${layer}/down`, 4 * width, width),
    ]),
    ...layerNorm('norm', width),
  ];
}

interface T5Sizes {
  readonly width: number;
  /** Heads times the width of a head. */
  readonly inner: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly layers: number;
}

/** Raffel et al. 2020, v1.0: no biases, one table of 32 relative positions in encoder and decoder each, tied output. */
function t5({ width, inner, heads, intermediate, layers }: T5Sizes): NamedShape[] {
  const attention = (name: string) => [
    ...['query', 'key', 'value'].map((part) => ({ name: `${name}/${part}`, shape: [width, inner] })),
    { name: `${name}/output`, shape: [inner, width] },
    { name: `${name}/norm`, shape: [width] },
  ];
  const feedForward = (name: string) => [
    { name: `${name}/intermediate`, shape: [width, intermediate] },
    { name: `${name}/down`, shape: [intermediate, width] },
    { name: `${name}/norm`, shape: [width] },
  ];
  const stack = (side: string, attentions: readonly string[]) => [
    { name: `${side}/embeddings/relative`, shape: [32, heads] },
    ...repeat(layers, (layer) => [
      ...attentions.flatMap((part) => attention(`${side}/${layer}/${part}`)),
      ...feedForward(`${side}/${layer}`),
    ]),
    { name: `${side}/norm`, shape: [width] },
  ];
  return [
    { name: 'embeddings/token', shape: [32128, width] },
    ...stack('encoder', ['self']),
    ...stack('decoder', ['self', 'cross']),
  ];
}

/** Touvron et al. 2023: gated feed-forward network, no biases, untied output layer. */
function llama(width: number, layers: number, intermediate: number): NamedShape[] {
  return [
    { name: 'embeddings/token', shape: [32000, width] },
    ...repeat(layers, (layer) => [
      ...['query', 'key', 'value', 'output'].map((part) => ({
        name: `${layer}/${part}`,
        shape: [width, width],
      })),
      ...['gate', 'up'].map((part) => ({ name: `${layer}/${part}`, shape: [width, intermediate] })),
      { name: `${layer}/down`, shape: [intermediate, width] },
      { name: `${layer}/norm1`, shape: [width] },
      { name: `${layer}/norm2`, shape: [width] },
    ]),
    { name: 'norm', shape: [width] },
    { name: 'head', shape: [width, 32000] },
  ];
}

function linear(name: string, inputs: number, outputs: number): NamedShape[] {
  return [
    { name: `${name}/kernel`, shape: [inputs, outputs] },
    { name: `${name}/bias`, shape: [outputs] },
  ];
}

function layerNorm(name: string, width: number): NamedShape[] {
  return [
    { name: `${name}/gain`, shape: [width] },
    { name: `${name}/bias`, shape: [width] },
  ];
}

function repeat(layers: number, layer: (name: string) => NamedShape[]): NamedShape[] {
  return Array.from({ length: layers }, (_, index) => layer(`layer${index}`)).flat();
}
