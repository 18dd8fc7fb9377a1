import { basename } from 'node:path';
import { UserError } from '../errors.ts';

/** What Node says of a connection that could not be made, in words. */
const NO_CONNECTION: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name cannot be looked up: no network?',
  EAI_AGAIN: 'its name cannot be looked up: no network?',
  ENETUNREACH: 'there is no route to it: no network?',
  EHOSTUNREACH: 'there is no route to it: no network?',
  ECONNREFUSED: 'it refuses connections',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
};

const AGAIN = 'Check the network and run this again; what was downloaded so far is kept.';

/** No connection came about, or none held. @param remedy what else the user can do, as a sentence */
export function unreachable(url: URL, error: unknown, remedy: string): UserError {
  const cause = causeOf(error);
  const words = NO_CONNECTION[(cause as NodeJS.ErrnoException).code ?? ''];
  return new UserError(`${url.host} could not be reached (${words ?? cause.message}). ${AGAIN} ${remedy}`, 3);
}

/** The server was there, and the file did not come. */
export function undelivered(url: URL, attempts: number, error: unknown, remedy: string): UserError {
  return new UserError(
    `${url.host} did not deliver ${basename(url.pathname)} in ${attempts} attempts: ${causeOf(error).message}. ${AGAIN} ${remedy}`,
    3,
  );
}

/** Whether there was no connection at all: `fetch` throws a TypeError whose cause says why. */
export function isUnreachable(error: unknown): boolean {
  return NO_CONNECTION[(causeOf(error) as NodeJS.ErrnoException).code ?? ''] !== undefined;
}

/** The innermost reason; a host with several addresses gives one error for each, without a message of their sum. */
function causeOf(error: unknown): Error {
  const cause = (error as { cause?: Error }).cause ?? (error as Error);
  return cause instanceof AggregateError ? ((cause.errors[0] as Error | undefined) ?? cause) : cause;
}
