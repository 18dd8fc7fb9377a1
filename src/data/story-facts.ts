import type { RandomStream } from '../random/index.ts';
import { NAMES } from './story-names.ts';

/**
 * A kind of fact about a person. In the sentences, $N stands for the person and $V for the value; in those that ask, the person
 * comes first, so that whoever knows the fact can say the value. All values of a kind are equally likely, in every story anew:
 * only the sentence that stated the fact can tell.
 */
export interface FactKind {
  readonly draw: (stream: RandomStream) => string;
  readonly states: string;
  readonly asks: readonly string[];
}

const oneOf = (list: string): FactKind['draw'] => {
  const values = list.trim().split(/\s+/);
  return (stream) => values[stream.integer(values.length)] as string;
};

const DIGITS = '0123456789';
const METALS = oneOf(
  'copper silver iron brass tin bronze glass bone steel ivory marble oaken leaden pewter nickel cedar',
);
const COLOURS = oneOf(
  'green red blue grey yellow brown white black purple orange scarlet crimson violet amber pink beige',
);
const ANIMALS = oneOf(
  'goat cat dog hen horse donkey goose rabbit parrot tortoise ferret pony raven lamb turkey hedgehog',
);
const FOODS = oneOf(
  'plums bread cheese honey soup figs onions walnuts cherries porridge pears mushrooms turnips raisins lentils cake',
);
const TOOLS = oneOf(
  'flute violin trumpet harp guitar piano cello horn lute banjo organ zither oboe fiddle bagpipe accordion',
);
const FEARS = oneOf(
  'thunder wolves spiders ghosts bees bats heights snakes geese darkness crowds fog mice caves owls water',
);
const TRADES = oneOf(
  'baker miller smith weaver tailor sailor farmer potter painter teacher doctor hunter mason fisher carpenter shepherd',
);

export const FACT_KINDS: readonly FactKind[] = [
  {
    draw: METALS,
    states: 'The key of $N is $V.',
    asks: ['$N opened the door with the $V key.', '$N lost the $V key again.'],
  },
  {
    draw: COLOURS,
    states: 'The coat of $N is $V.',
    asks: ['$N put on the $V coat.', '$N forgot the $V coat.'],
  },
  { draw: ANIMALS, states: '$N has a tame $V.', asks: ['$N fed the $V.', '$N called for the $V.'] },
  { draw: FOODS, states: '$N likes to eat $V.', asks: ['$N had some more $V.', '$N asked for $V.'] },
  { draw: TOOLS, states: '$N can play the $V.', asks: ['$N played the $V.', '$N tuned the $V.'] },
  { draw: FEARS, states: '$N is afraid of $V.', asks: ['$N dreamed of $V.', '$N heard a tale about $V.'] },
  { draw: TRADES, states: '$N became a $V.', asks: ['$N was proud to be a $V.', '$N still worked as a $V.'] },
  {
    draw: (stream) => NAMES[stream.integer(NAMES.length)] as string,
    states: '$N has a friend called $V.',
    asks: ['$N wrote to $V.', '$N missed $V.'],
  },
  {
    draw: (stream) => Array.from({ length: 4 }, () => DIGITS[stream.integer(10)]).join(''),
    states: 'The house of $N has the number $V.',
    asks: ['$N went home to number $V.', '$N painted a new sign for number $V.'],
  },
];
