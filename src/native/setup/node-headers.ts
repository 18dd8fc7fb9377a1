import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { npmInCache } from './npm.ts';
import { NODE_API_HEADERS_VERSION } from './versions.ts';

/** A folder that holds `node_api.h`: Node's own headers if it was installed with them, else from npm into the cache. */
export async function nodeHeaders(cache: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const prefix = dirname(dirname(process.execPath));
  const places = [
    join(prefix, 'include', 'node'),
    ...(env.npm_config_nodedir ? [join(env.npm_config_nodedir, 'include', 'node')] : []),
    join(homedir(), '.cache', 'node-gyp', process.versions.node, 'include', 'node'),
  ];
  const found = places.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (found !== undefined) return found;
  const modules = await npmInCache(cache, 'node-api-headers', NODE_API_HEADERS_VERSION, [], env);
  return join(modules, 'node-api-headers', 'include');
}
