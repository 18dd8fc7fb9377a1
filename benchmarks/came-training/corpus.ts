import { type Corpus, corpusFromFile, requireContext } from '../../src/data/corpus.ts';
import { storyCorpus } from '../../src/data/stories.ts';
import type { TextFile } from '../../src/data/text-file.ts';

/** Beyond so many different characters the text is taken as bytes. */
const largestAlphabet = 256;

/** The user's text, by characters if it has few different ones and else by bytes, or generated stories. */
export function loadCorpus(
  { context, storyCharacters }: { readonly context: number; readonly storyCharacters: number },
  data: TextFile | undefined,
): Corpus {
  const corpus =
    data === undefined
      ? storyCorpus({ characters: storyCharacters, seed: 0 })
      : corpusFromFile(data, { vocabulary: hasSmallAlphabet(data.bytes) ? 'character' : 'byte' });
  requireContext(corpus, context);
  return corpus;
}

function hasSmallAlphabet(bytes: Uint8Array): boolean {
  const seen = new Set<string>();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  // By pieces: an alphabet that is too large shows early.
  for (let at = 0; at < bytes.length; at += 65_536) {
    for (const character of decoder.decode(bytes.subarray(at, at + 65_536), { stream: true }))
      seen.add(character);
    if (seen.size > largestAlphabet) return false;
  }
  return true;
}
