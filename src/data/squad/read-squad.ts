import { readFile } from 'node:fs/promises';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { z } from 'zod';
import { UserError } from '../../errors.ts';

export interface SquadAnswer {
  readonly text: string;
  /** In characters (UTF-16 units) of the context. */
  readonly start: number;
}

export interface SquadQuestion {
  readonly id: string;
  readonly question: string;
  readonly context: string;
  /** Empty where the context does not hold the answer (version 2.0), or in a file without answers. */
  readonly answers: readonly SquadAnswer[];
  readonly impossible: boolean;
}

const answer = z.object({ text: z.string(), answer_start: z.number().int().nonnegative() });
const question = z.object({
  id: z.string().min(1),
  question: z.string(),
  answers: z.array(answer).default([]),
  is_impossible: z.boolean().default(false),
});
const paragraph = z.object({ context: z.string().min(1), qas: z.array(question) });
const file = z.object({ data: z.array(z.object({ paragraphs: z.array(paragraph) })) });

/**
 * The questions of a SQuAD file (Rajpurkar et al. 2016, 2018; versions 1.1 and 2.0) in the order of the file.
 *
 * @throws UserError (exit code 3) for a missing file; broken JSON, with line, column and the text there; a record that lacks
 *   something, with its path; an answer that is not in its context; an id that occurs twice
 */
export async function readSquad(path: string): Promise<SquadQuestion[]> {
  const parsed = file.safeParse(parseJson(await readText(path), path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue;
    throw new UserError(`${path}: ${place(issue.path)}: ${issue.message}.`, 3);
  }
  const seen = new Set<string>();
  return parsed.data.data.flatMap(({ paragraphs }, a) =>
    paragraphs.flatMap(({ context, qas }, p) =>
      qas.map((qa, q): SquadQuestion => {
        const where = ['data', a, 'paragraphs', p, 'qas', q];
        if (seen.has(qa.id))
          throw new UserError(`${path}: ${place(where)}: the id ${qa.id} occurs twice.`, 3);
        seen.add(qa.id);
        const answers = qa.answers.map(({ text, answer_start: start }, i) => {
          if (start + text.length <= context.length) return { text, start };
          const at = place([...where, 'answers', i]);
          throw new UserError(
            `${path}: ${at}: the answer ${JSON.stringify(text)} at ${start} is beyond the context.`,
            3,
          );
        });
        const { id, question: words, is_impossible: impossible } = qa;
        return { id, question: words, context, answers: impossible ? [] : answers, impossible };
      }),
    ),
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'there is no such file' : (error as Error).message;
    throw new UserError(`Cannot read ${path}: ${reason}. \`data download squad-2.0\` fetches SQuAD.`, 3);
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const errors: ParseError[] = [];
    parse(text, errors);
    const { offset, error } = errors[0] ?? { offset: text.length, error: undefined };
    const before = text.slice(0, offset).split('\n');
    const here = JSON.stringify(text.slice(offset, offset + 40));
    const what =
      error === undefined || offset >= text.length
        ? 'it ends too early'
        : `${printParseErrorCode(error)} at ${here}`;
    throw new UserError(
      `${path}, line ${before.length}, column ${(before.at(-1) as string).length + 1}: it is not JSON: ${what}.`,
      3,
    );
  }
}

/** `data[0].paragraphs[2]` */
function place(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
