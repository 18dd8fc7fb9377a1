import * as tf from '@tensorflow/tfjs';
import {
  type GpuArguments,
  type GpuProgram,
  hasGpuPrograms,
  LANES,
  runGpuProgram,
  type StepScalars,
  type VariableUpdate,
} from '../../src/optimizers/index.ts';
import {
  CLIP,
  INSTABILITY,
  MOMENTS,
  MOMENTUM,
  SQUARES,
  UPDATE_SQUARES,
  WEIGHTS,
} from './came-webgpu-programs.ts';
import { BEGIN, END, VECTOR, VECTOR_SUMS } from './came-webgpu-small.ts';
import { HEADER, sumsSize, type Tiling, tilingOf } from './came-webgpu-tiles.ts';
import { type CameOptions, variableOptions } from './config.ts';
import { matrixShape } from './factorization.ts';

/** One group adds up a side of this length in one lane, one element after the other. */
const SMALL_SIDE = 128;
/** What one group, that is one core of the device, gets done while the next program is being prepared. */
const SMALL_SIZE = 8192;
/** So many sums of a vector are added up anew by each group. */
const MOST_GROUPS = 1024;
/** Elements of a vector for each lane, until there are MOST_GROUPS. */
const PER_LANE = 4;
const LARGEST_FLOAT = 3.4028234663852886e38;

/**
 * The step of came-update.ts by compute programs on the `webgpu` backend: for each matrix seven, or three where it is small; for each
 * vector two. Beside the new weights or momentum nothing of a variable's size is made, and nothing waits for the device. Returns the
 * updates that are left to do: all of them on other backends; here variables without confidence and permuted convolutions
 * ('oihw').
 */
export function cameWebgpuUpdate(
  updates: readonly VariableUpdate[],
  scalars: StepScalars,
  options: CameOptions,
): readonly VariableUpdate[] {
  if (!hasGpuPrograms()) return updates;
  const left: VariableUpdate[] = [];
  for (const update of updates) {
    const { variable, settings } = update;
    const { factorization, confidence } = variableOptions(options, settings.rule);
    const shape = matrixShape(factorization, variable.shape);
    if (shape === undefined) updateVector(update, scalars, options);
    else if (!confidence || (factorization === 'oihw' && variable.rank === 4)) left.push(update);
    else updateMatrices(tilingOf(shape), update, scalars, options);
  }
  return left;
}

function updateMatrices(
  tiling: Tiling,
  { variable, slots, gradient, group }: VariableUpdate,
  scalars: StepScalars,
  options: CameOptions,
): void {
  const { batch, n, m, tiles } = tiling;
  const { m: momentum, vr, vc, rr, rc } = slots as Record<'m' | 'vr' | 'vc' | 'rr' | 'rc', tf.Variable>;
  const { rows } = scalars;
  const scale = scalars.gradientScale();
  const uniforms = { ...tiling, ...sharedUniforms(options), group, size: variable.size };
  const ofMoments = { oneMinusBeta: 1 - options.beta2, epsilon: options.epsilon1 };
  const ofMomentum = { oneMinusBeta: 1 - options.beta1 };
  const ofInstability = { oneMinusBeta: 1 - options.beta3, epsilon: options.epsilon2 };
  const run = (program: GpuProgram, groups: number, given: Omit<GpuArguments, 'groups'>) =>
    runGpuProgram(program, { ...given, groups, uniforms: { ...uniforms, ...given.uniforms } });
  const groupsOfSides = Math.ceil((batch * (n + m)) / LANES);
  const small = n <= SMALL_SIDE && m <= SMALL_SIDE && variable.size <= SMALL_SIZE && batch <= LANES;

  const factors = small ? begin() : beginLarge();
  const { residuals } = written(
    run(MOMENTUM, tiles, {
      reads: { gradient, before: momentum, rowMoment: vr, columnMoment: vc, factors },
      writes: { momentum: momentum.shape, residuals: [sumsSize(tiling)] },
      uniforms: ofMomentum,
    }),
    { momentum },
  );
  if (small) end(residuals as tf.Tensor);
  else endLarge(residuals as tf.Tensor, factors);
  tf.dispose([factors, residuals as tf.Tensor]);

  function begin(): tf.Tensor {
    const { factors } = written(
      run(BEGIN, 1, {
        reads: { gradient, rowBefore: vr, columnBefore: vc, rows, scale },
        writes: { rowMoment: vr.shape, columnMoment: vc.shape, factors: [HEADER + batch] },
        uniforms: ofMoments,
      }),
      { rowMoment: vr, columnMoment: vc },
    );
    return factors as tf.Tensor;
  }

  function end(sums: tf.Tensor): void {
    written(
      run(END, 1, {
        reads: { sums, before: variable, momentum, rowBefore: rr, columnBefore: rc },
        writes: { weights: variable.shape, rowInstability: rr.shape, columnInstability: rc.shape },
        uniforms: ofInstability,
      }),
      { weights: variable, rowInstability: rr, columnInstability: rc },
    );
  }

  function beginLarge(): tf.Tensor {
    const { sums } = run(SQUARES, tiles, {
      reads: { gradient, scale },
      writes: { sums: [sumsSize(tiling)] },
      uniforms: {},
    }) as { sums: tf.Tensor };
    written(
      run(MOMENTS, groupsOfSides, {
        reads: { sums, rowBefore: vr, columnBefore: vc },
        writes: { rowMoment: vr.shape, columnMoment: vc.shape },
        uniforms: ofMoments,
      }),
      { rowMoment: vr, columnMoment: vc },
    );
    const { squares } = run(UPDATE_SQUARES, tiles, {
      reads: { gradient, scale, rowMoment: vr, columnMoment: vc },
      writes: { squares: [tiles] },
      uniforms: {},
    }) as { squares: tf.Tensor };
    const { factors } = run(CLIP, 1, {
      reads: { sums, squares, rowMoment: vr, rowInstability: rr, rows, scale },
      writes: { factors: [HEADER + 2 * batch] },
      uniforms: { team: 2 ** Math.max(0, Math.floor(Math.log2(LANES / batch))) },
    }) as { factors: tf.Tensor };
    tf.dispose([sums, squares]);
    return factors;
  }

  function endLarge(sums: tf.Tensor, factors: tf.Tensor): void {
    const { roots } = written(
      run(INSTABILITY, groupsOfSides + batch, {
        reads: { sums, rowBefore: rr, columnBefore: rc, factors },
        writes: { rowInstability: rr.shape, columnInstability: rc.shape, roots: [batch] },
        uniforms: { ...ofInstability, groupsOfSides },
      }),
      { rowInstability: rr, columnInstability: rc },
    );
    written(
      run(WEIGHTS, tiles, {
        reads: {
          before: variable,
          momentum,
          rowInstability: rr,
          columnInstability: rc,
          roots: roots as tf.Tensor,
          factors,
        },
        writes: { weights: variable.shape },
        uniforms: {},
      }),
      { weights: variable },
    );
    tf.dispose(roots as tf.Tensor);
  }
}

function updateVector(
  { variable, slots, gradient, group }: VariableUpdate,
  scalars: StepScalars,
  options: CameOptions,
): void {
  const { m: momentum, v: second } = slots as Record<'m' | 'v', tf.Variable>;
  const { beta1, beta2, epsilon1 } = options;
  const { size, shape } = variable;
  const groups = Math.min(Math.ceil(size / (PER_LANE * LANES)), MOST_GROUPS);
  const uniforms = { ...sharedUniforms(options), size, groups, group, epsilon: epsilon1 };
  const { sums } = runGpuProgram(VECTOR_SUMS, {
    groups,
    reads: { gradient, secondBefore: second, rows: scalars.rows, scale: scalars.gradientScale() },
    writes: { sums: [HEADER + 2 * groups] },
    uniforms: { ...uniforms, oneMinusBeta: 1 - beta2 },
  }) as { sums: tf.Tensor };
  written(
    runGpuProgram(VECTOR, {
      groups,
      reads: { sums, gradient, before: variable, momentumBefore: momentum, secondBefore: second },
      writes: { weights: shape, momentum: shape, second: shape },
      uniforms: { ...uniforms, oneMinusBeta1: 1 - beta1, oneMinusBeta2: 1 - beta2 },
    }),
    { weights: variable, momentum, second },
  );
  sums.dispose();
}

/** Infinity has no place in WGSL, whose compilers may take for granted that there is none. */
function sharedUniforms({ clipThreshold, nonFinite }: CameOptions) {
  return { clipThreshold: Math.min(clipThreshold, LARGEST_FLOAT), skip: nonFinite === 'skip' ? 1 : 0 };
}

/** Assigns what a program made to the variables; the tensors that are left are the caller's. */
function written(
  made: Record<string, tf.Tensor>,
  variables: Readonly<Record<string, tf.Variable>>,
): Record<string, tf.Tensor> {
  const left: Record<string, tf.Tensor> = {};
  for (const [name, tensor] of Object.entries(made)) {
    const variable = variables[name];
    if (variable === undefined) left[name] = tensor;
    else {
      variable.assign(tensor);
      tensor.dispose();
    }
  }
  return left;
}
