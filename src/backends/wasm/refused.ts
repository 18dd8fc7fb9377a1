import type { KernelConfig } from '@tensorflow/tfjs';

/** Kernels of tfjs-backend-wasm that return wrong numbers (checked against the js backend) and that nothing here needs. */
const WRONG = ['Dilation2DBackpropInput', 'Dilation2DBackpropFilter'];

/** Errors in place of wrong numbers. */
export const refused: readonly KernelConfig[] = WRONG.map((kernelName) => ({
  kernelName,
  backendName: 'wasm',
  kernelFunc: () => {
    throw new Error(
      `${kernelName} returns wrong numbers on the wasm backend: use --backend tensorflow or js.`,
    );
  },
}));
