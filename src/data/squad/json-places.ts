/** Where in a JSON file something is wrong, in line and column. */
import { findNodeAtLocation, type ParseError, parse, parseTree, printParseErrorCode } from 'jsonc-parser';
import { UserError } from '../../errors.ts';

export type JsonPath = readonly (string | number)[];

/** Characters of the offending text that are shown. */
const SHOWN = 60;

/** `data[0].paragraphs[2]` */
export function placeOf(path: JsonPath): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

/** The error (exit code 3) of a record that is JSON and no good; where it is missing, the place of what should hold it. */
export function recordError(
  file: string,
  text: string,
  path: JsonPath,
  problem: string,
  remedy = '',
): UserError {
  const root = parseTree(text);
  let node = root;
  for (let depth = path.length; depth > 0; depth--) {
    const found = root && findNodeAtLocation(root, path.slice(0, depth));
    if (found === undefined) continue;
    node = found;
    break;
  }
  const offset = node?.offset ?? 0;
  const here = text.slice(offset, offset + Math.min(node?.length ?? 0, SHOWN));
  return new UserError(
    `${file}, ${lineAndColumn(text, offset)}: ${placeOf(path)}: ${problem}: ${JSON.stringify(here)}.${remedy}`,
    3,
  );
}

/** The error (exit code 3) of a text that is no JSON. */
export function jsonError(file: string, text: string): UserError {
  const errors: ParseError[] = [];
  parse(text, errors);
  const { offset, error } = errors[0] ?? { offset: text.length, error: undefined };
  const here = JSON.stringify(text.slice(offset, offset + SHOWN));
  const what =
    error === undefined || offset >= text.length
      ? 'it ends too early'
      : `${printParseErrorCode(error)} at ${here}`;
  return new UserError(`${file}, ${lineAndColumn(text, offset)}: it is not JSON: ${what}.`, 3);
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
}
