/** Where a run keeps what it finds. */
export interface RunDirectory {
  readonly path: string;
}
