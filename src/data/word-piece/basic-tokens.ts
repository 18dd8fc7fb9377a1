/** The first half of BERT's tokenizer: from a text to words and punctuation marks, before any vocabulary. */

export interface BasicTokenOptions {
  /** Also removes accents, unless `stripAccents` says otherwise. */
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
  /** Whether each Chinese, Japanese or Korean ideograph is a word of its own. */
  readonly splitIdeographs: boolean;
}

/**
 * Replacement character, and all of Unicode's category "other": control, format, surrogate, private use, unassigned. (Hugging Face's
 * fast tokenizer keeps what its version of Unicode has not assigned; and its list of ideographs begins one block late, at U+2B920.)
 */
const DROPPED = /[\ufffd\p{C}]/gu;
const WHITE_KEPT = /[\t\n\r]/g;
const NONSPACING_MARKS = /\p{Mn}/gu;
/** ASCII marks that Unicode calls symbols ($, +, <, =, >, ^, `, |, ~) count as punctuation. */
const PUNCTUATION = /([\p{P}$+<=>^`|~])/gu;
/** The CJK Unified and Compatibility Ideographs; not Hangul, Hiragana, Katakana, which are written with blanks or as alphabets. */
const IDEOGRAPHS =
  /([\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}])/gu;

/** Words and punctuation marks of a text, in order. */
export function basicTokens(text: string, options: BasicTokenOptions): string[] {
  let cleaned = text.replace(WHITE_KEPT, ' ').replace(DROPPED, '');
  if (options.splitIdeographs) cleaned = cleaned.replace(IDEOGRAPHS, ' $1 ');
  if (options.lowercase) cleaned = lowercased(cleaned);
  if (options.stripAccents) cleaned = cleaned.normalize('NFD').replace(NONSPACING_MARKS, '');
  return cleaned
    .replace(PUNCTUATION, ' $1 ')
    .split(/\s+/)
    .filter((token) => token !== '');
}

/** Character by character: a whole word would get the final form of sigma, which the reference tokenizers do not make. */
function lowercased(text: string): string {
  return text.includes('Σ')
    ? Array.from(text, (character) => character.toLowerCase()).join('')
    : text.toLowerCase();
}
