import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { buildEncoder } from '../../methods/efficient-bert/index.ts';
import { type BackendRequest, releaseBackend, useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { openTextPredictor, type Prediction, type TextPredictor } from '../../src/tasks/index.ts';

/**
 * Answers each line of `input` as soon as it is there with one line of JSON.
 *
 * @returns the exit code: 1 if a line could not be answered, which then says why
 * @throws UserError (exit code 3) for a folder that holds no model that answers texts
 */
export async function predictCommand(
  folder: string,
  request: BackendRequest,
  input: Readable,
  output: Writable,
): Promise<number> {
  const backend = await useBackend(request);
  try {
    const predictor = await openTextPredictor(folder, buildEncoder);
    try {
      console.error(`${backend.name}: ${predictor.description}.`);
      let failed = false;
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const answer = await answerTo(line, predictor);
        failed ||= 'error' in answer;
        if (!output.write(`${JSON.stringify(answer)}\n`)) await once(output, 'drain');
      }
      return failed ? 1 : 0;
    } finally {
      predictor.dispose();
    }
  } finally {
    await releaseBackend();
  }
}

async function answerTo(line: string, predictor: TextPredictor): Promise<Prediction> {
  try {
    return await predictor.predict(line);
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}
