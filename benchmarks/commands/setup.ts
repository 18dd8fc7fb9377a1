import { setUpNative, summarizeSetup } from '../../src/native/setup/index.ts';

/** Makes the fast CPU backend work and prints what is there now. */
export async function setupCommand(): Promise<void> {
  const result = await setUpNative();
  process.stdout.write(`${summarizeSetup(result)}\n`);
}
