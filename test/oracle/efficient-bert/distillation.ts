/**
 * Float64 oracle of EfficientBERT's student and of what distillation compares, in plain loops, one sequence at a time. Gradients
 * are central differences of it.
 */
import { attentionScores, type LinearWeights, type NormWeights } from '../nn/encoder.ts';
import { at, layerNorm, linear, type Matrix, row, softmax, type Vector } from '../nn/functions.ts';
import { type Ffn, stack } from './ffn.ts';

export interface StudentWeights {
  readonly base: {
    readonly encoder: {
      readonly embedding: {
        readonly tokens: { readonly tokens: { readonly weight: Matrix }; readonly dense: LinearWeights };
        readonly segments: { readonly weight: Matrix };
        readonly positions: { readonly weight: Matrix };
        readonly norm: NormWeights;
      };
      readonly blocks: readonly {
        readonly attention: { readonly queryKeyValue: LinearWeights; readonly output: LinearWeights };
        readonly attentionNorm: NormWeights;
        readonly feedForward: { readonly ffns: readonly Ffn[] };
      }[];
    };
    readonly fit: LinearWeights;
  };
  /** Of classifiers and regressors. */
  readonly pooler: { readonly dense: LinearWeights };
  readonly classifier: LinearWeights;
  /** Of spans. */
  readonly outputs: LinearWeights;
}

export interface Sequence {
  readonly tokens: Vector;
  readonly segments: Vector;
  readonly padding: Vector;
}

/** One layer's expression with its k and e. */
export interface OracleLayer {
  readonly text: string;
  readonly k: number;
  readonly e: number;
}

export interface Trace {
  /** [N + 1][L][D] */
  readonly hidden: readonly Matrix[];
  /** [N][h][L][L] */
  readonly scores: readonly (readonly Matrix[])[];
  /** Logits of the classes, the score, or of all positions as first, then as last. */
  readonly predictions: Vector;
}

/** The student with hidden states fitted to the teacher's width. */
export function studentTrace(
  { tokens, segments, padding }: Sequence,
  weights: StudentWeights,
  { heads, layers }: { readonly heads: number; readonly layers: readonly OracleLayer[] },
): Trace {
  const { embedding, blocks } = weights.base.encoder;
  const vector = (position: number): Vector => {
    const token = tokens[position];
    const width = row(embedding.tokens.tokens.weight, 0).length;
    return token === undefined
      ? new Array<number>(width).fill(0)
      : row(embedding.tokens.tokens.weight, token);
  };
  const trigrams = tokens.map((_, t) => [...vector(t + 1), ...vector(t), ...vector(t - 1)]);
  const mapped = linear(trigrams, embedding.tokens.dense.weight, embedding.tokens.dense.bias);
  const sums = mapped.map((values, t) =>
    values.map(
      (value, i) =>
        value +
        at(row(embedding.segments.weight, at(segments, t)), i) +
        at(row(embedding.positions.weight, t), i),
    ),
  );
  let x: Matrix = layerNorm(sums, embedding.norm.gain, embedding.norm.bias, 1e-5);
  const hidden = [x];
  const scores: Matrix[][] = [];
  for (const [l, { attention, attentionNorm, feedForward }] of blocks.entries()) {
    const own = attentionScores(x, attention.queryKeyValue, heads, padding);
    scores.push(own);
    const u = attended(x, own, attention, attentionNorm);
    const { text, k, e } = layers[l] as OracleLayer;
    x = stack(text, u, feedForward.ffns, { k, e, mode: 'min' });
    hidden.push(x);
  }
  const { weight, bias } = weights.base.fit;
  return {
    hidden: hidden.map((state) => linear(state, weight, bias)),
    scores,
    predictions: predictionsOf(x, weights),
  };
}

function attended(
  x: Matrix,
  scores: readonly Matrix[],
  { queryKeyValue, output }: { queryKeyValue: LinearWeights; output: LinearWeights },
  norm: NormWeights,
): number[][] {
  const width = row(x, 0).length;
  const depth = width / scores.length;
  const projected = linear(x, queryKeyValue.weight, queryKeyValue.bias);
  const joined = x.map((_, query) =>
    Array.from({ length: width }, (_unused, i) => {
      const weights = softmax(row(scores[Math.floor(i / depth)] as Matrix, query));
      return projected.reduce((sum, values, key) => sum + at(weights, key) * at(values, 2 * width + i), 0);
    }),
  );
  const branch = linear(joined, output.weight, output.bias);
  const sum = x.map((values, t) => values.map((value, i) => value + at(row(branch, t), i)));
  return layerNorm(sum, norm.gain, norm.bias, 1e-5);
}

function predictionsOf(last: Matrix, { pooler, classifier, outputs }: StudentWeights): Vector {
  if (outputs) {
    const both = linear(last, outputs.weight, outputs.bias);
    return [...both.map((values) => at(values, 0)), ...both.map((values) => at(values, 1))];
  }
  const pooled = linear([row(last, 0)], pooler.dense.weight, pooler.dense.bias).map((values) =>
    values.map(Math.tanh),
  );
  return row(linear(pooled, classifier.weight, classifier.bias), 0);
}

export interface LossSettings {
  readonly kind: 'classes' | 'score' | 'span';
  /** As the authors' code has it, or as the README's table of differences says. */
  readonly mode: 'faithful' | 'mended';
  readonly temperature: number;
  readonly labels: Vector;
}

/** Of a batch: the teacher's traces hold the layers that teach only, in the student's order. */
export function distillationLosses(
  student: readonly Trace[],
  teacher: readonly Trace[],
  paddings: readonly Vector[],
  settings: LossSettings,
): { attention: number; hidden: number; prediction: number; total: number } {
  const faithful = settings.mode === 'faithful';
  const layers = (student[0] as Trace).scores.length;
  let attention = 0;
  let hidden = 0;
  for (let level = 0; level <= layers; level++) {
    const states = new Mean();
    const scores = new Mean();
    for (const [b, own] of student.entries()) {
      const taught = teacher[b] as Trace;
      const real = (t: number) => paddings[b]?.[t] === 0;
      for (const [t, values] of (own.hidden[level] as Matrix).entries()) {
        if (!faithful && !real(t)) continue;
        values.forEach((value, i) => {
          states.add((at(row(taught.hidden[level] as Matrix, t), i) - value) ** 2);
        });
      }
      if (level === layers) continue;
      for (const [head, rows] of (own.scores[level] as readonly Matrix[]).entries()) {
        for (const [query, values] of rows.entries()) {
          values.forEach((value, key) => {
            const other = at(row(taught.scores[level]?.[head] as Matrix, query), key);
            if (faithful) scores.add((shown(other) - shown(value)) ** 2);
            else if (real(query) && real(key)) scores.add((other - value) ** 2);
          });
        }
      }
    }
    hidden += states.value();
    if (level < layers) attention += scores.value();
  }
  const prediction = new Mean();
  for (const [b, own] of student.entries())
    prediction.add(
      predictionLossOf(own.predictions, teacher[b]?.predictions as Vector, b, paddings, settings),
    );
  return {
    attention,
    hidden,
    prediction: prediction.value(),
    total: attention + hidden + prediction.value(),
  };
}

/** Of one sequence. */
export function predictionLossOf(
  own: Vector,
  taught: Vector,
  b: number,
  paddings: readonly Vector[],
  { kind, mode, temperature, labels }: LossSettings,
): number {
  const faithful = mode === 'faithful';
  if (kind === 'score') return (at(own, 0) - (faithful ? at(labels, b) : at(taught, 0))) ** 2;
  const crossEntropy = (z: Vector, y: Vector) => {
    const [p, q] = [softmax(y.map((v) => v / temperature)), softmax(z.map((v) => v / temperature))];
    return -p.reduce((sum, value, i) => sum + (value === 0 ? 0 : value * Math.log(at(q, i))), 0);
  };
  if (kind === 'classes')
    return faithful ? crossEntropy(own, taught) / own.length : temperature ** 2 * crossEntropy(own, taught);
  const length = own.length / 2;
  // What is masked has no share in a softmax: it is left out.
  const open = Array.from({ length }, (_, t) => t).filter(
    (t) => paddings[b]?.[t] === 0 && !(faithful && t === 0),
  );
  const sum = [0, length].reduce((total, from) => {
    const pick = (values: Vector) => open.map((t) => at(values, from + t));
    return total + crossEntropy(pick(own), pick(taught));
  }, 0);
  return faithful ? sum / length : (temperature ** 2 * sum) / 2;
}

function shown(score: number): number {
  return score > -100 ? score : 0;
}

class Mean {
  private sum = 0;
  private count = 0;

  add(value: number): void {
    this.sum += value;
    this.count++;
  }

  value(): number {
    return this.sum / this.count;
  }
}

/** AdamW as torch has it (β 0.9, 0.999, ε 1e-8), in place, with a rate for each step. */
export class ScheduledAdamW {
  private readonly m: number[];
  private readonly v: number[];
  private t = 0;
  private readonly weights: number[];
  private readonly decay: number;

  constructor(weights: number[], decay: number) {
    this.weights = weights;
    this.decay = decay;
    this.m = weights.map(() => 0);
    this.v = weights.map(() => 0);
  }

  step(gradient: Vector, rate: number): void {
    this.t++;
    for (const [i, weight] of this.weights.entries()) {
      const g = at(gradient, i);
      this.m[i] = 0.9 * at(this.m, i) + 0.1 * g;
      this.v[i] = 0.999 * at(this.v, i) + 0.001 * g * g;
      const root = Math.sqrt(at(this.v, i) / (1 - 0.999 ** this.t)) + 1e-8;
      const update = at(this.m, i) / (1 - 0.9 ** this.t) / root;
      this.weights[i] = weight * (1 - rate * this.decay) - rate * update;
    }
  }
}
