import { unreachable } from '../../download/failure.ts';
import { type Source, sourceOf } from '../../download/source.ts';
import { UserError } from '../../errors.ts';
import type { Wheel } from './wheel.ts';

/** The public Python package index; PIP_INDEX_URL names another one, as it does for pip. */
const PUBLIC_INDEX = 'https://pypi.org/simple';

/** The index's JSON answer (PEP 691); plain HTML (PEP 503) is what some mirrors still give. */
const ACCEPT = 'application/vnd.pypi.simple.v1+json, text/html;q=0.1';

const PROXY = 'Behind a proxy set HTTPS_PROXY, and use pip or (Node ≥ 24) NODE_USE_ENV_PROXY=1.';

/** Asks the index where a wheel lies. @throws UserError when the index does not answer or does not list the file. */
export async function findWheel(wheel: Wheel, env: NodeJS.ProcessEnv = process.env): Promise<Source> {
  const index = (env.PIP_INDEX_URL ?? '').trim() || PUBLIC_INDEX;
  const page = sourceOf(`${index.replace(/\/+$/, '')}/${wheel.project}/`);
  const response = await fetch(page.url, { headers: { ...page.headers, accept: ACCEPT } }).catch((error) => {
    throw unreachable(page.url, error, PROXY);
  });
  if (!response.ok) throw unreachable(page.url, new Error(`it answers ${response.status}`), PROXY);
  const body = await response.text();
  const json = response.headers.get('content-type')?.includes('json') === true;
  const href = json ? addressInJson(body, wheel.file) : addressInHtml(body, wheel.file);
  if (href === undefined) {
    throw new UserError(
      `${page.url.host} does not list ${wheel.file}. Set PIP_INDEX_URL to an index that has it.`,
      3,
    );
  }
  const found = sourceOf(new URL(href, response.url));
  // Credentials for the index are not for a host that it merely points to.
  return found.url.host === page.url.host
    ? { ...found, headers: { ...page.headers, ...found.headers } }
    : found;
}

function addressInJson(body: string, file: string): string | undefined {
  const page = JSON.parse(body) as { files?: { filename: string; url: string }[] };
  return page.files?.find((entry) => entry.filename === file)?.url;
}

function addressInHtml(body: string, file: string): string | undefined {
  for (const [, href = ''] of body.matchAll(/<a\b[^>]*\bhref\s*=\s*["']([^"']+)["']/gi)) {
    const address = href.replaceAll('&amp;', '&');
    if (address.split('#')[0]?.endsWith(`/${file}`)) return address;
  }
  return undefined;
}
