/**
 * Run by npm after `npm install` and `npm ci` in a checkout: sets up the native backend where it can, and never fails the
 * installation, since everything also runs without. Writes to stderr only: npm reads the stdout of `npm pack --json`.
 */
import { setUpNative, summarizeSetup } from '../src/native/setup/index.ts';

async function prepare(env: NodeJS.ProcessEnv): Promise<string> {
  if (env.TFJS_METHODS_SKIP_NATIVE === '1') return 'native backend: skipped (TFJS_METHODS_SKIP_NATIVE=1)';
  // `npm install --omit=optional`: tfjs-node is an optional dependency.
  if (/\boptional\b/.test(env.npm_config_omit ?? ''))
    return 'native backend: skipped (optional packages are omitted)';
  try {
    return `native backend: ${summarizeSetup(await setUpNative({ env }))}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `native backend: not set up. ${reason}\nThe wasm backend works without it; "npm run native" tries again.`;
  }
}

process.stderr.write(`${await prepare(process.env)}\n`);
