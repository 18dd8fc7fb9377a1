import { distance } from 'fastest-levenshtein';

/** ` Did you mean a or b?` for the known names near the one given, or an empty string; for the end of an error message. */
export function nearMatches(given: string, known: readonly string[]): string {
  const wanted = given.toLowerCase();
  const near = known
    .map((name) => ({ name, apart: closeness(wanted, name.toLowerCase()) }))
    .filter(({ name, apart }) => apart <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.apart - b.apart)
    .slice(0, 3)
    .map(({ name }) => name);
  return near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
}

/** A name that contains the other, such as `rate` in `learningRate`, is as near as one slip of the finger. */
function closeness(given: string, name: string): number {
  if (given.length >= 3 && (name.includes(given) || given.includes(name))) return 1;
  return distance(given, name);
}
