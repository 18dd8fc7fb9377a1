import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../errors.ts';

export interface TextFile {
  readonly path: string;
  /** Valid UTF-8, without the byte order mark. */
  readonly bytes: Uint8Array;
  /** Of the file as it lies on the disk, in hexadecimal: what `sha256sum` prints. */
  readonly sha256: string;
}

/**
 * Reads a UTF-8 text file whole. A byte order mark at its start is dropped.
 *
 * @throws UserError (exit code 3) if the file is missing, unreadable, a directory, empty, over 2 GiB, or not UTF-8; in the last
 *   case with line and byte offset of the first offending byte
 */
export async function readTextFile(path: string): Promise<TextFile> {
  const raw = await readBytes(path);
  const marked = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf;
  const bytes = marked ? raw.subarray(3) : raw;
  if (bytes.length === 0) throw new UserError(`The text file ${path} is empty.`, 3);
  if (!isUtf8(bytes)) throw notUtf8(path, raw);
  return { path, bytes, sha256: createHash('sha256').update(raw).digest('hex') };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw new UserError(`${path} is a directory; a text file is needed.`, 3);
    // A device such as /dev/zero has no end; a pipe, as the shell's <(…) makes, has.
    if (!status.isFile() && !status.isFIFO())
      throw new UserError(`${path} is a device; a text file is needed.`, 3);
    return await readFile(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`Cannot read the text file ${path}: ${reason(error)}.`, 3);
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission is denied';
    case 'ERR_FS_FILE_TOO_LARGE':
      return 'it is larger than 2 GiB; use a part of it';
    default:
      return message;
  }
}

function notUtf8(path: string, raw: Uint8Array): UserError {
  const offset = firstInvalidByte(raw);
  let line = 1;
  for (let i = 0; i < offset; i++) if (raw[i] === 0x0a) line++;
  const utf16 = (raw[0] === 0xff && raw[1] === 0xfe) || (raw[0] === 0xfe && raw[1] === 0xff);
  const remedy = utf16
    ? 'It looks like UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`'
    : 'Convert it to UTF-8, for instance with `iconv -f LATIN1 -t UTF-8`';
  const byte = (raw[offset] as number).toString(16).padStart(2, '0');
  return new UserError(
    `The text file ${path} is not UTF-8: line ${line}, byte offset ${offset} (0x${byte}). ${remedy}.`,
    3,
  );
}

/** Where the first ill-formed sequence starts; `raw` must hold one. */
function firstInvalidByte(raw: Uint8Array): number {
  let at = 0;
  // Line by line while that goes well (0x0a is never part of a longer sequence), then character by character.
  for (let end = raw.indexOf(0x0a); end >= 0 && isUtf8(raw.subarray(at, end)); end = raw.indexOf(0x0a, at))
    at = end + 1;
  for (;;) {
    const length = [1, 2, 3, 4].find((n) => at + n <= raw.length && isUtf8(raw.subarray(at, at + n)));
    if (length === undefined) return at;
    at += length;
  }
}
