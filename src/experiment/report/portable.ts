/** Keys whose values say which machine it was, not what kind. */
const machineKeys = new Set(['host', 'hostname', 'pid']);

/**
 * The value without what belongs to one machine: absolute paths keep only their last part, home directories and host names go.
 *
 * @param hosts names of machines that may stand in sentences
 */
export function portable<T>(value: T, hosts: readonly string[] = []): T {
  return strip(value, hosts) as T;
}

function strip(value: unknown, hosts: readonly string[]): unknown {
  if (typeof value === 'string') return stripText(value, hosts);
  if (Array.isArray(value)) return value.map((item) => strip(item, hosts));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !machineKeys.has(key))
      .map(([key, inner]) => [key, strip(inner, hosts)]),
  );
}

function stripText(text: string, hosts: readonly string[]): string {
  // A path begins where a word does, or after = or a quote; a ratio such as tokens/s does not begin with the stroke.
  const short = text
    .replace(/(^|[\s="'(:])(?:file:\/\/)?~?\/(?:[^\s/"')]+\/)+([^\s/"')]*)/g, '$1$2')
    .replace(/(^|[\s="'(])[A-Za-z]:\\(?:[^\s\\"']+\\)*([^\s\\"']*)/g, '$1$2');
  return hosts.reduce((result, host) => withoutHost(result, host), short);
}

/** Only names that can be nothing else: a machine called `came` must not rename an optimizer. */
function withoutHost(text: string, host: string): string {
  if (!/[\d.-]/.test(host) || host.length < 4) return text;
  const literal = host.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\w.-])${literal}(?![\\w.-])`, 'g'), 'host');
}
