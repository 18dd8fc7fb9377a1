/**
 * Where a filter or pooling window meets its input, for gradients of convolutions and poolings written as plain loops.
 * A pixel is a place in [batch, depth, height, width], numbered in row-major order; a tap is a place in the filter.
 */
export interface Window {
  readonly batch: number;
  /** Depth, height, width; one that is not there has size 1. */
  readonly axes: readonly [WindowAxis, WindowAxis, WindowAxis];
}

export interface WindowAxis {
  readonly input: number;
  readonly output: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first input. */
  readonly before: number;
}

/** What tf.backend_util computes for a convolution or pooling in two dimensions, channels last. */
export interface Geometry2D {
  readonly batchSize: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly padInfo: { readonly top: number; readonly left: number };
}

/** The same in three dimensions. */
export interface Geometry3D extends Geometry2D {
  readonly inDepth: number;
  readonly outDepth: number;
  readonly strideDepth: number;
  readonly dilationDepth: number;
  readonly filterDepth: number;
  readonly padInfo: { readonly top: number; readonly left: number; readonly front: number };
}

const NO_DEPTH: WindowAxis = { input: 1, output: 1, taps: 1, stride: 1, dilation: 1, before: 0 };

export function window2D(g: Geometry2D): Window {
  const height: WindowAxis = {
    input: g.inHeight,
    output: g.outHeight,
    taps: g.filterHeight,
    stride: g.strideHeight,
    dilation: g.dilationHeight,
    before: g.padInfo.top,
  };
  const width: WindowAxis = {
    input: g.inWidth,
    output: g.outWidth,
    taps: g.filterWidth,
    stride: g.strideWidth,
    dilation: g.dilationWidth,
    before: g.padInfo.left,
  };
  return { batch: g.batchSize, axes: [NO_DEPTH, height, width] };
}

export function window3D(g: Geometry3D): Window {
  const depth: WindowAxis = {
    input: g.inDepth,
    output: g.outDepth,
    taps: g.filterDepth,
    stride: g.strideDepth,
    dilation: g.dilationDepth,
    before: g.padInfo.front,
  };
  const [, height, width] = window2D(g).axes;
  return { batch: g.batchSize, axes: [depth, height, width] };
}

export function countTaps({ axes }: Window): number {
  return axes.reduce((product, { taps }) => product * taps, 1);
}

export function countOutputs({ batch, axes }: Window): number {
  return axes.reduce((product, { output }) => product * output, batch);
}

/** Calls `visit` for each output pixel that sees, through this tap, an input pixel and not padding; in order of output pixels. */
export function forEachMeeting(
  { batch, axes }: Window,
  tap: number,
  visit: (input: number, output: number) => void,
): void {
  const [depth, height, width] = axes;
  const atDepth = meetings(depth, Math.floor(tap / (height.taps * width.taps)));
  const atHeight = meetings(height, Math.floor(tap / width.taps) % height.taps);
  const atWidth = meetings(width, tap % width.taps);
  for (let b = 0; b < batch; b++) {
    for (const [inZ, outZ] of atDepth) {
      for (const [inY, outY] of atHeight) {
        const input = ((b * depth.input + inZ) * height.input + inY) * width.input;
        const output = ((b * depth.output + outZ) * height.output + outY) * width.output;
        for (const [inX, outX] of atWidth) visit(input + inX, output + outX);
      }
    }
  }
}

/** Pairs of [input, output] positions along one axis. */
function meetings({ input, output, stride, dilation, before }: WindowAxis, tap: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let out = 0; out < output; out++) {
    const at = out * stride + tap * dilation - before;
    if (at >= 0 && at < input) pairs.push([at, out]);
  }
  return pairs;
}
