/**
 * Compute programs of our own (WGSL) on the `webgpu` backend, through its `runWebGPUProgram`, so that they stand in its command
 * queue with everything else. A program may write several tensors; all of them are new, for the backend keeps a copy of what
 * `data()` has read and would not see a tensor change.
 */
import * as tf from '@tensorflow/tfjs';

/** Invocations of one workgroup: `LANES` in WGSL. WebGPU grants 256 everywhere. */
export const LANES = 256;

export interface GpuProgram {
  readonly name: string;
  /** Names in WGSL of the arrays of f32 that are read, and of those that are written; 8 in all at most. The code uses every one. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Fields of `uniforms` in WGSL. */
  readonly integers: readonly string[];
  readonly floats: readonly string[];
  /** Has `fn program()`, run by LANES invocations of each group. */
  readonly code: string;
}

/** Arguments by the names in the program. */
export interface GpuArguments {
  /** Workgroups wanted; more may run, which `groupIndex()` tells. */
  readonly groups: number;
  readonly reads: Readonly<Record<string, tf.Tensor>>;
  /** Shapes of what is made. */
  readonly writes: Readonly<Record<string, readonly number[]>>;
  readonly uniforms: Readonly<Record<string, number>>;
}

/** Whether programs are to be had: on `webgpu`, unless `TFJS_METHODS_NATIVE_KERNELS=0`. */
export function hasGpuPrograms(): boolean {
  return tf.getBackend() === 'webgpu' && process.env.TFJS_METHODS_NATIVE_KERNELS !== '0';
}

/** What @tensorflow/tfjs-backend-webgpu 4.22 has, of which the types are not exported with the union package. */
interface WebgpuBackend {
  makeTensorInfo(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  runWebGPUProgram(
    program: object,
    inputs: readonly tf.TensorInfo[],
    dtype: 'float32',
    uniforms: readonly { readonly type: 'int32' | 'float32'; readonly data: readonly number[] }[],
    output: tf.TensorInfo,
  ): tf.TensorInfo;
}

/** Queues the program; nothing waits for the device. Returns the tensors written, the caller's, by name. */
export function runGpuProgram(
  program: GpuProgram,
  { groups, reads, writes, uniforms }: GpuArguments,
): Record<string, tf.Tensor> {
  const backend = tf.backend() as unknown as WebgpuBackend;
  const outputs = program.writes.map((name) =>
    backend.makeTensorInfo(writes[name] as readonly number[], 'float32'),
  );
  const inputs = program.reads.map((name) => reads[name] as tf.Tensor);
  const [first, ...others] = outputs.map(flat);
  backend.runWebGPUProgram(
    programObject(program, groups),
    [...inputs.map(flat), ...others],
    'float32',
    [
      ...program.integers.map((name) => ({ type: 'int32' as const, data: [uniforms[name] as number] })),
      ...program.floats.map((name) => ({ type: 'float32' as const, data: [uniforms[name] as number] })),
    ],
    first as tf.TensorInfo,
  );
  return Object.fromEntries(
    outputs.map(({ dataId, shape }, k) => [
      program.writes[k],
      tf.engine().makeTensorFromDataId(dataId, shape, 'float32'),
    ]),
  );
}

/**
 * The backend compiles a program anew for each combination of ranks and broadcasts of its tensors. Ours take sizes from
 * uniforms, so that all tensors pass for [1].
 */
function flat({ dataId }: tf.TensorInfo): tf.TensorInfo {
  return { dataId, shape: [1], dtype: 'float32' };
}

/** A new object each time: the backend writes into it. */
function programObject(program: GpuProgram, groups: number): object {
  const [, ...others] = program.writes;
  const fields = [
    ...program.integers.map((name) => `${name} : i32, `),
    ...program.floats.map((name) => `${name} : f32, `),
  ];
  return {
    shaderKey: `tfjs_methods_${program.name}`,
    variableNames: [...program.reads, ...others.map((name) => `${name}_unused`)],
    uniforms: fields.join(''),
    outputShape: [1],
    workgroupSize: [LANES, 1, 1],
    dispatch: [groups, 1, 1],
    dispatchLayout: { x: [0] },
    getUserCode: () => userCode(program),
  };
}

/**
 * The backend declares one array to be written, `result`, and the others read-only. WGSL admits a second declaration of a
 * binding as long as the program uses one of them only, and so ours win.
 */
function userCode({ reads, writes, code }: GpuProgram): string {
  const declarations = writes.map((name, k) => {
    const binding = k === 0 ? 0 : reads.length + k;
    return `@group(0) @binding(${binding}) var<storage, read_write> ${name} : array<f32>;`;
  });
  return `${declarations.join('\n')}\n${PRELUDE}\n${code}\nfn main(index : i32) { program(); }\n`;
}

const PRELUDE = `
const LANES = ${LANES};
var<workgroup> cells : array<f32, ${4 * LANES}>;
var<workgroup> laneValues : array<f32, ${LANES}>;
var<workgroup> lanePartials : array<f32, 16>;

// The backend may lay the groups out in two or three dimensions, and then starts some too many.
fn groupIndex() -> i32 {
  return i32((workgroupId.z * numWorkgroups.y + workgroupId.y) * numWorkgroups.x + workgroupId.x);
}

// Of all lanes of the group, to each of them. Every lane must come here. Two barriers, which software adapters are slow at; the
// second call in a row writes nothing that lanes still in the first may read.
fn sumOfGroup(value : f32) -> f32 {
  laneValues[localIndex] = value;
  workgroupBarrier();
  if (localIndex < 16u) {
    var part = 0.0;
    for (var k = localIndex; k < ${LANES}u; k += 16u) { part += laneValues[k]; }
    lanePartials[localIndex] = part;
  }
  workgroupBarrier();
  var sum = 0.0;
  for (var k = 0; k < 16; k++) { sum += lanePartials[k]; }
  return sum;
}

// By the bits: a WGSL compiler may take for granted that there is neither NaN nor infinity.
fn finite(value : f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

// x + (1 - beta)(value - x)
fn average(x : f32, value : f32, oneMinusBeta : f32) -> f32 {
  return x + oneMinusBeta * (value - x);
}
`;
