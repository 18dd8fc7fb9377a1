import { UserError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/index.ts';
import { printExpression } from '../expression.ts';
import { type SearchProblem, SearchSpace } from '../search/space.ts';

/** The expressions of the sub-network that a step, from 0, trains. */
export type SubNetworkSampler = (step: number) => readonly string[];

/**
 * Draws sub-networks for the training of a shared supernet as the third stage of the search draws candidates: each layer's size at
 * random, all within the window of parameters. Depends on the step and the seed alone.
 *
 * @param problem of the third stage, with its rows
 * @throws UserError as `SearchSpace`; the sampler throws one where nothing is found inside the window
 */
export function subNetworkSampler(problem: SearchProblem): SubNetworkSampler {
  const space = new SearchSpace(problem);
  return (step) => {
    const layers = space.draw([], RandomStream.fromSeed(problem.seed, `sub-network of step ${step}`));
    if (layers === undefined) {
      const { min, max } = problem.settings.window;
      throw new UserError(`No sub-network was found that has ${min} to ${max} parameters: widen the window.`);
    }
    return layers.map(printExpression);
  };
}
