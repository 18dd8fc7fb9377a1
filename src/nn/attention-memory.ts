import { freemem } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';

/** Below this nothing is asked of the system: 512 MiB. */
const SMALL = 2 ** 29;
/** WebAssembly addresses 4 GiB; what else is there needs its share. */
const WASM_LIMIT = 3 * 2 ** 30;

export interface AttentionSize {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** What the score processor holds for each query and key of a sequence. */
  readonly numbersPerScore: number;
}

/** Bytes of the maps that attention holds at once for so many queries: scores, processed and softmax, and those of `process`. */
export function attentionBytes({ batch, heads, queries, keys, numbersPerScore }: AttentionSize): number {
  return 4 * batch * queries * keys * (3 * heads + numbersPerScore);
}

/**
 * @param available bytes; default what the machine has free now, on the backends that use its memory
 * @throws UserError where the maps do not fit, naming the largest block of queries (a power of two) that would
 */
export function checkAttentionMemory(size: AttentionSize, available?: number): void {
  const bytes = attentionBytes(size);
  if (available === undefined && bytes < SMALL) return;
  const limit = available ?? availableBytes();
  if (bytes <= limit) return;
  const rows = limit / attentionBytes({ ...size, queries: 1 });
  const advice =
    rows >= 1
      ? `queryBlock: ${2 ** Math.floor(Math.log2(rows))} would fit.`
      : 'Not even one row fits: take fewer sequences at once.';
  throw new UserError(
    `MultiHeadAttention: ${size.queries} queries × ${size.keys} keys do not fit memory: the maps of ${size.batch} × ` +
      `${size.heads} heads take ${gibibytes(bytes)}, of ${gibibytes(limit)} that are free. ${advice}`,
  );
}

function availableBytes(): number {
  const backend = tf.getBackend();
  if (backend === 'webgpu') return Number.POSITIVE_INFINITY; // of the card, which cannot be asked
  const free = process.availableMemory?.() ?? freemem();
  return backend === 'wasm' ? Math.min(free, WASM_LIMIT) : free;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
