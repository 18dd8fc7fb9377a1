import { UserError } from '../errors.ts';
import { RandomStream } from '../random/index.ts';
import { type Corpus, type CorpusOptions, corpusFromText } from './corpus.ts';
import { FACT_KINDS, type FactKind } from './story-facts.ts';
import { NAMES } from './story-names.ts';
import { drawPlace, plainSentence } from './story-sentences.ts';
import { Zipf } from './zipf.ts';

/** A place in the text where only an earlier sentence of the same story can tell what comes. Offsets and lengths in characters. */
export interface Recall {
  /** Where the value begins. */
  readonly offset: number;
  readonly length: number;
  /** How far back the value was last written for this person: what a context must span to know it. */
  readonly distance: number;
}

export interface Stories {
  /** ASCII: as many bytes as characters. */
  readonly text: string;
  readonly recalls: readonly Recall[];
}

export interface StoryOptions {
  /** Length of the text, at least 1. */
  readonly characters: number;
  readonly seed: number;
}

/** Of the embedded corpus that every benchmark uses when no text is given. */
export const DEFAULT_STORIES: StoryOptions = { characters: 1_000_000, seed: 0 };

/** What is known of one person in one story. */
interface Fact {
  readonly person: string;
  readonly kind: FactKind;
  readonly value: string;
  /** Offset of the value where it was written last. */
  lastSeen: number;
}

const name = new Zipf(NAMES, 0.7); // flatter than the words: a name seldom says who comes in the next story
const castSize = new Zipf([1, 2, 3, 4], 0.5);
/** Few facts are asked for again soon, many facts late: their number spreads the distances over two orders of magnitude. */
const factCount = new Zipf([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 24], 0.6);
const SENTENCES_PER_FACT = 5;
const ASKING = 0.5;

/**
 * The embedded corpus: stories made by a small grammar, deterministic by seed and of any length; a longer text begins with the
 * shorter one of the same seed. Nothing in it is copied from a text.
 *
 * A story draws one to four people and 2 to 24 facts about them ("The key of Mira is copper."), states each fact once, and then
 * asks for facts, each as likely as the other ("Mira opened the door with the copper key."), between sentences that state nothing and whose
 * words follow Zipf's law. The values are drawn anew for each story, so that neither frequency nor the words nearby tell which
 * value comes: a model must find the sentence that stated it, a few dozen to a few thousand characters back. `recallStatistics` says how
 * far, and how many.
 *
 * @throws UserError if the length is not a positive integer or the seed no safe integer
 */
export function generateStories(options: StoryOptions = DEFAULT_STORIES): Stories {
  const { characters, seed } = options;
  if (!Number.isSafeInteger(characters) || characters < 1) {
    throw new UserError(
      `The length of the stories must be a positive number of characters, got ${characters}.`,
    );
  }
  const stream = RandomStream.fromSeed(seed, 'stories');
  const pieces: string[] = [];
  const recalls: Recall[] = [];
  for (let length = 0; length < characters; ) {
    const story = oneStory(stream);
    pieces.push(story.text);
    for (const recall of story.recalls) recalls.push({ ...recall, offset: recall.offset + length });
    length += story.text.length;
  }
  return {
    text: pieces.join('').slice(0, characters),
    recalls: recalls.filter(({ offset, length }) => offset + length <= characters),
  };
}

/** The stories as a corpus. */
export function storyCorpus(options: StoryOptions = DEFAULT_STORIES, corpus: CorpusOptions = {}): Corpus {
  const { text } = generateStories(options);
  return corpusFromText(`stories (seed ${options.seed}, ${options.characters} characters)`, text, corpus);
}

function oneStory(stream: RandomStream): Stories {
  const cast = drawDistinct(castSize.draw(stream), () => name.draw(stream));
  const person = () => cast[stream.integer(cast.length)] as string;
  const facts = drawFacts(stream, cast);
  let text = `Once ${listed(cast)} lived near the ${drawPlace(stream)}.`;
  const recalls: Recall[] = [];
  for (const fact of facts) {
    const [before, after] = sentenceParts(fact.kind.states, fact);
    text += ` ${before}`;
    fact.lastSeen = text.length;
    text += fact.value + after;
    if (stream.uniform() < 0.5) text += ` ${plainSentence(stream, person)}`;
  }
  for (let i = 0; i < facts.length * SENTENCES_PER_FACT; i++) {
    if (stream.uniform() >= ASKING) {
      text += ` ${plainSentence(stream, person)}`;
      continue;
    }
    const fact = facts[stream.integer(facts.length)] as Fact;
    const ask = fact.kind.asks[stream.integer(fact.kind.asks.length)] as string;
    const [before, after] = sentenceParts(ask, fact);
    text += ` ${before}`;
    recalls.push({ offset: text.length, length: fact.value.length, distance: text.length - fact.lastSeen });
    fact.lastSeen = text.length;
    text += fact.value + after;
  }
  return { text: `${text}\n\n`, recalls };
}

/** Facts of distinct kind or person, in the order in which they will be stated. */
function drawFacts(stream: RandomStream, cast: readonly string[]): Fact[] {
  const possible = cast.flatMap((person) => FACT_KINDS.map((kind) => ({ person, kind })));
  const count = Math.min(factCount.draw(stream), possible.length);
  return Array.from({ length: count }, () => {
    const [chosen] = possible.splice(stream.integer(possible.length), 1) as [
      { person: string; kind: FactKind },
    ];
    return { ...chosen, value: chosen.kind.draw(stream), lastSeen: 0 };
  });
}

function drawDistinct<T>(count: number, draw: () => T): T[] {
  const drawn = new Set<T>();
  while (drawn.size < count) drawn.add(draw());
  return [...drawn];
}

/** 'A', 'A and B', 'A, B and C'. */
function listed(cast: readonly string[]): string {
  return cast.length === 1 ? (cast[0] as string) : `${cast.slice(0, -1).join(', ')} and ${cast.at(-1)}`;
}

/** The sentence up to the value, and after it. */
function sentenceParts(sentence: string, { person }: Fact): [before: string, after: string] {
  const [before, after] = sentence.replace('$N', person).split('$V');
  return [before as string, after as string];
}
