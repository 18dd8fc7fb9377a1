/** What `clean` can be told to delete. */
export const KINDS = ['runs', 'downloads', 'native', 'datasets', 'models'] as const;
export type Kind = (typeof KINDS)[number];

/** Something that this package keeps on the disk. */
export interface Kept {
  readonly kind: Kind;
  readonly path: string;
  readonly bytes: number;
  /** What it is, in a word or two: `finished`, `interrupted`, `TensorFlow` … */
  readonly what: string;
  /** Not ours: shown, and never touched. */
  readonly foreign?: true;
  /** Why it must not be deleted: somebody else's, in use, reached through a link. */
  readonly blocked?: string | undefined;
  /** Deletes what is ours there, and nothing else; returns the names that it left. Throws UserError where it is in use. */
  remove(): Promise<readonly string[]>;
}
