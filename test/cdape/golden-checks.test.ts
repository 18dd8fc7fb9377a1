/** Where each golden check of the method is tested, so that none is lost. Its numbers stand in those tests. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const GOLDEN = 'cdape/golden.backend.test.ts';
/** The same from compiled functions. */
const COMPILED = 'cdape/golden-compiled.backend.test.ts';
const BIAS = 'cdape/bias.backend.test.ts';
const ENCODINGS = 'cdape/encodings.backend.test.ts';
const MODELS = 'cdape/encoding-models.backend.test.ts';
const PROCESSOR = 'cdape/processor.backend.test.ts';
const ROPE = 'cdape/rope.backend.test.ts';
const TASKS = 'data/formal-languages/tasks.test.ts';
const EXTRAPOLATION = 'benchmarks/cdape-length-extrapolation.test.ts';

type Place = readonly [file: string, title: string];

const CHECKS: readonly (readonly [number, string, readonly Place[]])[] = [
  [1, 'inputs of the worked example E', [[GOLDEN, 'has the scores and biases of the example']]],
  [
    2,
    'A of E',
    [
      [GOLDEN, 'has the golden A, and attention weights in row 4'],
      [GOLDEN, 'has the golden A from a compiled function too'],
    ],
  ],
  [
    3,
    'softmax of row 4 of E',
    [
      [GOLDEN, 'has the golden A, and attention weights in row 4'],
      [COMPILED, 'the attention weights of the worked example'],
    ],
  ],
  [
    4,
    'E with k = 1',
    [
      [GOLDEN, 'is DAPE with the centre taps alone'],
      [COMPILED, 'DAPE: the centre taps alone'],
    ],
  ],
  [
    5,
    'causality, its gradient, and the control without tril',
    [
      [GOLDEN, 'never lets later keys into earlier queries; without the tril they do'],
      [GOLDEN, 'has no gradient by later keys'],
      [COMPILED, 'causality: nothing with the tril, 12.4183208 without, and no gradient'],
    ],
  ],
  [6, 'causality of models with every encoding', [[MODELS, 'never lets later tokens change earlier logits']]],
  [
    7,
    'prefixes',
    [
      [GOLDEN, 'agrees between a prefix and the whole but for the last row'],
      [COMPILED, 'a prefix, but for its last row'],
      [PROCESSOR, 'has the same logits in a prefix if it is prefix-consistent'],
    ],
  ],
  [
    8,
    'the last row without tril',
    [
      [GOLDEN, 'has the same last row without the tril'],
      [COMPILED, 'the attention weights of the worked example, and its last row'],
    ],
  ],
  [
    9,
    'blocks of rows',
    [
      [GOLDEN, 'goes by blocks of query rows'],
      [COMPILED, 'and by blocks of rows'],
      [MODELS, 'has the same logits by blocks of queries'],
      ['cdape/long-sequences.backend.test.ts', '1024 tokens by blocks of queries'],
    ],
  ],
  [
    10,
    'W₂ = b₂ = 0 leaves the bias',
    [
      ['cdape/residual.backend.test.ts', 'with W₂ and b₂ at 0 leaves the sum that it adds to'],
      [COMPILED, 'without W₂ and b₂ the bias alone'],
    ],
  ],
  [11, 'k = 1 is the MLP of DAPE', [[GOLDEN, 'is with k = 1 the MLP of DAPE at each pair']]],
  [
    12,
    'Proposition 1',
    [
      [GOLDEN, 'can shift a row by one key: Proposition 1'],
      [COMPILED, 'the bias alone; Proposition 1'],
    ],
  ],
  [
    13,
    'parameters of f and of the 125M and 350M',
    [
      [PROCESSOR, '%o, with a bias: %s, has %d parameters'],
      [MODELS, '%s adds %d parameters to the 125M model'],
      [EXTRAPOLATION, 'has the parameters of the paper’s 125M and 350M'],
    ],
  ],
  [14, 'initial bounds', [[PROCESSOR, 'starts uniform within the bounds of PyTorch']]],
  [
    15,
    'ALiBi',
    [
      [BIAS, 'has the slopes of powers of two'],
      [BIAS, 'falls with the distance'],
      [COMPILED, 'ALiBi, T5 and FIRE'],
    ],
  ],
  [
    16,
    'Kerple and its projection',
    [
      [BIAS, 'p %d, a %d, at distance %d: %d'],
      [BIAS, 'writes what is below 0.01 back as 0.01'],
      [COMPILED, 'Kerple, and its projection'],
    ],
  ],
  [
    17,
    'FIRE',
    [
      [BIAS, 'normalises distances'],
      [BIAS, 'is finite in row 0 for a threshold of 0'],
      [COMPILED, 'ALiBi, T5 and FIRE'],
    ],
  ],
  [
    18,
    'RoPE',
    [
      [ROPE, 'has the golden values in both conventions'],
      [ROPE, 'knows positions by their difference alone'],
      [COMPILED, 'RoPE and sinusoidal positions'],
    ],
  ],
  [
    19,
    'extensions of RoPE; sinusoids',
    [
      [ROPE, 'the base of NTK grows'],
      [ROPE, 'YaRN keeps high frequencies'],
      [ROPE, 'interpolation squeezes positions'],
      [ROPE, 'have the golden values, and equal the oracle wherever they start'],
      [COMPILED, 'RoPE and sinusoidal positions'],
    ],
  ],
  [
    20,
    'T5',
    [
      [ENCODINGS, 'has the buckets of the paper'],
      [MODELS, 'one T5 table serves all layers'],
      [COMPILED, 'ALiBi, T5 and FIRE'],
    ],
  ],
  [
    21,
    'CoPE; Transformer-XL',
    [
      [ENCODINGS, 'has the golden positions and bias'],
      [ENCODINGS, 'shifts row by row'],
      [COMPILED, 'CoPE and the shift of Transformer-XL'],
    ],
  ],
  [
    22,
    'schedule; initial deviations',
    [
      [EXTRAPOLATION, 'has the schedule of the paper, and its training'],
      [EXTRAPOLATION, 'begins with small_init, and with wang_init'],
    ],
  ],
  [23, 'a fresh model knows nothing', [[MODELS, 'a fresh model knows nothing: its loss is near ln V']]],
  [24, 'worked examples of formal languages', [[TASKS, "describe('worked examples'"]]],
  [
    25,
    'their lengths, answers and classes',
    [
      [TASKS, 'has inputs and outputs of its lengths and classes, and the right answers'],
      [TASKS, 'have exactly the length asked for'],
    ],
  ],
  [26, 'which outputs count', [[TASKS, 'ends with the terminator']]],
  [27, 'accuracy without reading the input', [[TASKS, '%s is right as often as its task says']]],
  [
    28,
    'parameters of the encoder',
    [['benchmarks/cdape-formal-languages.test.ts', 'has the parameters of the authors’ Transformer']],
  ],
  [
    29,
    'operations and memory',
    [
      ['benchmarks/cdape-attention-cost.test.ts', 'are those of the paper’s 125M'],
      ['benchmarks/cdape-attention-cost.test.ts', 'leave maps of 12, 24 and 32 MiB at T 512'],
    ],
  ],
  [
    30,
    'one layer that recalls',
    [['benchmarks/cdape-associative-recall.test.ts', 'is what the convolution makes, and nothing else does']],
  ],
];

it.each(CHECKS)('%d, %s, has its tests', (_, __, places) => {
  for (const [file, title] of places)
    expect(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'), file).toContain(title);
});

it('none is missing', () => {
  expect(CHECKS.map(([id]) => id)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
});
