/** A command as it is typed into a POSIX shell. */
export function commandLine(invocation: string, words: readonly string[]): string {
  return [invocation, ...words.map(quoteWord)].join(' ');
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
