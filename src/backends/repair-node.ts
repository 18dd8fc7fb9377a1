import { createRequire } from 'node:module';

/**
 * tfjs-node calls `isNullOrUndefined` and `isArray` of node:util, which newer versions of Node removed (the first in 23) or
 * warn about. Gives it both; must run before tfjs-node does. Through `require`, since the namespace of an ES module is frozen.
 */
export function repairNodeUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
}
