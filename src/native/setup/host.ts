/** The parts of a machine that decide which wheel runs on it. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** GNU C library version, or undefined where there is none (musl, macOS, Windows). */
  readonly glibc: string | undefined;
}

export function thisHost(): Host {
  return { platform: process.platform, arch: process.arch, glibc: glibcVersion() };
}

function glibcVersion(): string | undefined {
  if (process.platform !== 'linux' || process.report === undefined) return undefined;
  // Without this the report resolves every open socket's address, which can take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime;
}
