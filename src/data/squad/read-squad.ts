import { existsSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { readTextFile } from '../text-file.ts';
import { type JsonPath, jsonError, placeOf, recordError } from './json-places.ts';

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

/** A question, or a whole paragraph or article, that cannot be used, and why. */
export interface BadRecord {
  readonly path: string;
  /** In the file: `data[0].paragraphs[2]`. */
  readonly place: string;
  readonly problem: string;
}

export interface SquadFile {
  readonly path: string;
  readonly questions: readonly SquadQuestion[];
  /** Empty unless bad records are skipped. */
  readonly skipped: readonly BadRecord[];
}

const answer = z.object({ text: z.string().min(1), answer_start: z.number().int().nonnegative() });
const question = z.object({
  id: z.string().min(1),
  question: z.string().refine((text) => text.trim() !== '', 'the question is empty'),
  answers: z.array(answer).default([]),
  is_impossible: z.boolean().default(false),
});
const paragraph = z.object({
  context: z.string().refine((text) => text.trim() !== '', 'the context is empty'),
  qas: z.array(z.unknown()),
});
const article = z.object({ paragraphs: z.array(z.unknown()) });
const file = z.object({ data: z.array(z.unknown()) });

const REMEDY = ' Mend the record, or leave such records out with --skip-bad-rows.';

/**
 * The questions of a SQuAD file (Rajpurkar et al. 2016, 2018; versions 1.1 and 2.0) in the order of the file. A record that is
 * damaged (a field that is missing or of another type, an empty text, an answer beyond its context, an id that occurs twice) is
 * an error that names line, column and the text there, unless `skipBadRows`.
 *
 * @throws UserError (exit code 3) for a missing file, one that is not UTF-8, broken JSON, a bad record, or a file without a usable
 *   question
 */
export async function readSquad(
  path: string,
  { skipBadRows = false }: { readonly skipBadRows?: boolean } = {},
): Promise<SquadFile> {
  const text = await readText(path);
  const skipped: BadRecord[] = [];
  const refuse = (at: JsonPath, problem: string): undefined => {
    if (!skipBadRows) throw recordError(path, text, at, problem, REMEDY);
    skipped.push({ path, place: placeOf(at), problem });
  };
  const checked = <T>(schema: z.ZodType<T>, value: unknown, at: JsonPath): T | undefined => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    return refuse([...at, ...((issue?.path ?? []) as JsonPath)], issue?.message ?? 'it is damaged');
  };

  const whole = file.safeParse(parseJson(path, text));
  if (!whole.success) throw recordError(path, text, ['data'], 'a SQuAD file holds a list of articles there');
  const questions: SquadQuestion[] = [];
  const seen = new Set<string>();
  for (const [a, entry] of whole.data.data.entries()) {
    const { paragraphs = [] } = checked(article, entry, ['data', a]) ?? {};
    for (const [p, part] of paragraphs.entries()) {
      const inParagraph = ['data', a, 'paragraphs', p];
      const { context = '', qas = [] } = checked(paragraph, part, inParagraph) ?? {};
      for (const [q, one] of qas.entries()) {
        const at = [...inParagraph, 'qas', q];
        const found = checked(question, one, at);
        if (found === undefined) continue;
        const beyond = found.answers.findIndex((own) => own.answer_start + own.text.length > context.length);
        if (seen.has(found.id)) refuse(at, `the id ${found.id} occurs twice`);
        else if (beyond >= 0) refuse([...at, 'answers', beyond], 'the answer is beyond the context');
        else questions.push(asQuestion(found, context));
        seen.add(found.id);
      }
    }
  }
  if (questions.length === 0) throw new UserError(`${path} holds no usable question.`, 3);
  return { path, questions, skipped };
}

function asQuestion(
  { id, question: words, answers, is_impossible: impossible }: z.infer<typeof question>,
  context: string,
): SquadQuestion {
  const own = impossible ? [] : answers.map(({ text, answer_start: start }) => ({ text, start }));
  return { id, question: words, context, answers: own, impossible };
}

async function readText(path: string): Promise<string> {
  if (!existsSync(path)) {
    throw new UserError(
      `Cannot read ${path}: there is no such file. \`data download squad-2.0\` fetches SQuAD.`,
      3,
    );
  }
  const { bytes } = await readTextFile(path);
  return Buffer.from(bytes).toString('utf8');
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw jsonError(path, text);
  }
}
