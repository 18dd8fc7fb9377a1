import type { KernelConfig } from '@tensorflow/tfjs';
import { batchMatMul } from './batch-mat-mul.ts';
import { cast } from './cast.ts';
import { conv3DBackpropInput } from './conv-3d-backprop-input.ts';
import { conv2DBackpropFilter, conv3DBackpropFilter } from './conv-backprop-filter.ts';
import { cumprod, cumsum } from './cumulative.ts';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise-conv-2d-backprop.ts';
import { einsum } from './einsum.ts';
import { fusedMatMul } from './fused-mat-mul.ts';
import { gatherV2 } from './gather.ts';
import { identity } from './identity.ts';
import { maxPool3D, maxPool3DGrad, maxPoolGrad } from './max-pool.ts';
import { mean, sum } from './reduce.ts';
import { refused } from './refused.ts';
import { unsortedSegmentSum } from './unsorted-segment-sum.ts';

/** What we add to tfjs-backend-wasm, and what we put in place of its own. */
export const KERNELS: readonly KernelConfig[] = [
  batchMatMul,
  cast,
  conv2DBackpropFilter,
  conv3DBackpropFilter,
  conv3DBackpropInput,
  cumprod,
  cumsum,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  einsum,
  fusedMatMul,
  gatherV2,
  identity,
  maxPool3D,
  maxPool3DGrad,
  maxPoolGrad,
  mean,
  ...refused,
  sum,
  unsortedSegmentSum,
];
