export { type Compiled, type CompileOptions, compile } from './compile.ts';
export { type HostValues, hostScalar, hostTensor } from './host-value.ts';
