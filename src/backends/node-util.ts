import { createRequire } from 'node:module';

/**
 * tfjs-node calls `isNullOrUndefined` and `isArray` of node:util, which Node 23 removed. Gives them back; must run before
 * tfjs-node loads. Through `require`, since the namespace of an ES module is frozen.
 */
export function repairNodeUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
