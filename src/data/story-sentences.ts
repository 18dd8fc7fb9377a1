import type { RandomStream } from '../random/index.ts';
import {
  ACTIONS,
  ADJECTIVES,
  CONJUNCTIONS,
  MANNERS,
  MOTIONS,
  NOUNS,
  PLACES,
  RELATIONS,
  TIMES,
} from './story-words.ts';
import { Zipf } from './zipf.ts';

const noun = new Zipf(NOUNS);
const adjective = new Zipf(ADJECTIVES);
const action = new Zipf(ACTIONS);
const motion = new Zipf(MOTIONS);
const place = new Zipf(PLACES);
const relation = new Zipf(RELATIONS);
const time = new Zipf(TIMES);
const manner = new Zipf(MANNERS);
const conjunction = new Zipf(CONJUNCTIONS);

/**
 * A sentence that states no fact, by this grammar (alternatives not equally likely):
 *
 *   sentence → clause '.' | Time ',' clause '.' | clause conjunction clause '.'
 *   clause   → person action thing [where] | person motion [manner] [where] | thing motion [where]
 *   thing    → 'the' [adjective] noun
 *   where    → relation 'the' place
 *
 * @param person draws who does it
 */
export function plainSentence(stream: RandomStream, person: () => string): string {
  const kind = stream.uniform();
  if (kind < 0.6) return `${capitalised(clause(stream, person))}.`;
  if (kind < 0.8) return `${capitalised(time.draw(stream))}, ${clause(stream, person)}.`;
  const first = capitalised(clause(stream, person));
  return `${first} ${conjunction.draw(stream)} ${clause(stream, person)}.`;
}

export function drawPlace(stream: RandomStream): string {
  return place.draw(stream);
}

function clause(stream: RandomStream, person: () => string): string {
  const kind = stream.uniform();
  if (kind < 0.5) {
    return `${person()} ${action.draw(stream)} ${thing(stream)}${maybe(stream, 0.3, where)}`;
  }
  if (kind < 0.85) {
    return `${person()} ${motion.draw(stream)}${maybe(stream, 0.3, (s) => ` ${manner.draw(s)}`)}${maybe(stream, 0.5, where)}`;
  }
  return `${thing(stream)} ${motion.draw(stream)}${maybe(stream, 0.5, where)}`;
}

function thing(stream: RandomStream): string {
  return `the ${maybe(stream, 0.4, (s) => `${adjective.draw(s)} `)}${noun.draw(stream)}`;
}

function where(stream: RandomStream): string {
  return ` ${relation.draw(stream)} the ${place.draw(stream)}`;
}

function maybe(stream: RandomStream, probability: number, part: (stream: RandomStream) => string): string {
  return stream.uniform() < probability ? part(stream) : '';
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
