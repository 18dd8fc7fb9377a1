/** The words of the generated stories, most frequent first: `Zipf` draws them by rank. Chosen for these stories, from no text. */
const words = (list: string): readonly string[] => list.trim().split(/\s+/);

export const NOUNS = words(`
  door lamp road letter boat table window basket stone bell song garden bridge cloud map fire box story bird wheel candle rope
  cup mirror ladder book coin shadow blanket chair kettle clock field tower drum feather barrel apple sail pebble shawl lantern
  oven bucket saddle ribbon chimney kite anchor broom pillow puzzle whistle statue curtain jar hammer thimble compass orchard
  parcel umbrella engine violet telescope riddle`);

export const ADJECTIVES = words(`
  old small good long bright quiet strange warm cold dark heavy little tall empty soft round sharp broken clean slow narrow wet
  dusty gentle hollow plain deep crooked lucky tired pale steep rusty sleepy curious smooth wooden hungry frozen golden`);

/** Past tense, with an object. */
export const ACTIONS = words(`
  found saw took carried left opened watched moved cleaned lost painted mended hid pulled lifted bought sold turned dropped
  remembered counted followed studied borrowed washed forgot wrapped measured polished guarded balanced admired buried traded`);

/** Past tense, without an object. */
export const MOTIONS = words(`
  walked waited slept sang laughed ran sat stood rested worked listened wandered danced shivered whispered smiled climbed
  stumbled hurried dreamed yawned swam whistled hesitated`);

export const PLACES = words(`
  house river village market hill wood kitchen shore square mill school barn valley station harbour cellar meadow attic inn
  lighthouse chapel quarry island marsh workshop stable bakery fountain library theatre`);

export const RELATIONS = words('in near behind by beyond outside above across');

export const TIMES = words(`
  today later then soon again yesterday afterwards meanwhile finally sometimes once tonight suddenly eventually`);

export const MANNERS = words(
  'slowly quietly gladly carefully quickly sadly calmly proudly eagerly secretly lazily bravely',
);

/** Opens a clause. */
export const CONJUNCTIONS = words('when because while although before after until unless');
