import type { KernelConfig } from '@tensorflow/tfjs';
import { batchMatMul } from './batch-mat-mul.ts';
import { unsortedSegmentSum } from './unsorted-segment-sum.ts';

/** What we add to tfjs-backend-wasm, and what we put in place of its own. */
export const KERNELS: readonly KernelConfig[] = [batchMatMul, unsortedSegmentSum];
