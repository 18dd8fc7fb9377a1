export * from './backends/index.ts';
export * from './bert/index.ts';
export * from './compile/index.ts';
export * from './data/index.ts';
export { UserError } from './errors.ts';
export * from './nn/encoder/index.ts';
export * from './nn/index.ts';
export * from './random/index.ts';
export * from './training/index.ts';
