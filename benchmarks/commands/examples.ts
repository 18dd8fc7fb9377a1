/** What a help text ends with: command lines to type. */
export function examples(invocation: string, lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${invocation} ${line}`).join('\n')}`;
}
