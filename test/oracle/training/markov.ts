/**
 * A character model that sees only the `order` characters before: counts on a training text, backing off to shorter contexts
 * with weight n / (n + 1) for the longer one (n: how often it was seen). The limit of what a short context can know.
 */
export class MarkovModel {
  private readonly counts = new Map<string, Map<string, number>>();
  private readonly order: number;
  private readonly alphabet: number;

  constructor(text: string, order: number) {
    this.order = order;
    this.alphabet = new Set(text).size;
    for (let i = 0; i < text.length; i++) {
      for (let n = 0; n <= Math.min(order, i); n++) {
        const context = text.slice(i - n, i);
        let next = this.counts.get(context);
        if (next === undefined) {
          next = new Map();
          this.counts.set(context, next);
        }
        next.set(text[i] as string, (next.get(text[i] as string) ?? 0) + 1);
      }
    }
  }

  /** −log₂ p of the character at `position`, given those before it. */
  bits(text: string, position: number): number {
    let probability = 1 / this.alphabet;
    for (let n = 0; n <= Math.min(this.order, position); n++) {
      const next = this.counts.get(text.slice(position - n, position));
      if (next === undefined) break;
      let total = 0;
      for (const count of next.values()) total += count;
      const share = (next.get(text[position] as string) ?? 0) / total;
      const trust = total / (total + 1);
      probability = trust * share + (1 - trust) * probability;
    }
    return -Math.log2(probability);
  }
}
