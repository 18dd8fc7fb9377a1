export { type Progress, silent, streamProgress } from '../../download/progress.ts';
export { type NativeStatus, nativeStatus } from './native-status.ts';
export { cacheDirectory, kernelsAddonPath, tfjsNodeDirectory } from './paths.ts';
export { type SetupOptions, setUpNative } from './set-up-native.ts';
export { type SetupResult, type SetupStep, summarizeSetup } from './setup-result.ts';
export { TENSORFLOW_VERSION } from './versions.ts';
