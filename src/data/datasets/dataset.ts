/** A public data set that can be downloaded. */
export interface Dataset {
  /** How the command line calls it. */
  readonly name: string;
  readonly title: string;
  /** What is known of the terms of use; a note, to be checked with the publisher. */
  readonly licence: string;
  /** Where it lies below the data directory, as the readers of the set expect it. */
  readonly folder: string;
  readonly sources: readonly RemoteFile[];
  /** The files in the folder when it is whole. */
  readonly files: readonly string[];
  /** Makes `files` of what the sources gave, inside the folder, where those are not the same. */
  readonly assemble?: (folder: string) => Promise<void>;
}

export interface RemoteFile {
  readonly url: string;
  /** Size of the download. */
  readonly bytes: number;
  /** Null: not known for certain at this address. The first download is trusted, and later ones are held against it. */
  readonly sha256: string | null;
  /** The file itself under this name, or these files out of a zip archive, below `folder` ('' or ending in a slash) in it. */
  readonly gives: { readonly as: string } | { readonly folder: string; readonly files: readonly string[] };
}

export function downloadBytes(dataset: Dataset): number {
  return dataset.sources.reduce((sum, source) => sum + source.bytes, 0);
}

/** True where the digest of every download is known beforehand. */
export function isPinned(dataset: Dataset): boolean {
  return dataset.sources.every((source) => source.sha256 !== null);
}
