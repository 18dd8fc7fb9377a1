/** An address to fetch, with the credentials that fetch does not take inside a URL. */
export interface Source {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export function sourceOf(address: string | URL): Source {
  const url = new URL(address);
  if (url.username === '') return { url, headers: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } };
}
