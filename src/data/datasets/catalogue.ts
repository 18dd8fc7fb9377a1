import { UserError } from '../../errors.ts';
import { nearMatches } from '../../experiment/near-matches.ts';
import type { Dataset } from './dataset.ts';
import { glueDatasets } from './glue.ts';
import { languageModellingDatasets } from './language-modelling.ts';
import { squadDatasets } from './squad.ts';

/** Every set that `data download` knows. */
export const datasets: readonly Dataset[] = [...languageModellingDatasets, ...glueDatasets, ...squadDatasets];

/** Names that stand for several sets. */
export const datasetGroups: Readonly<Record<string, readonly Dataset[]>> = {
  glue: glueDatasets,
  squad: squadDatasets,
};

/**
 * The sets of these names, a group's name standing for all of its sets; each once. Upper and lower case are the same.
 *
 * @throws UserError for a name that is not known, with the near ones
 */
export function findDatasets(names: readonly string[]): Dataset[] {
  const known = [...datasets.map(({ name }) => name), ...Object.keys(datasetGroups)];
  const found = names.flatMap((given) => {
    const name = given.toLowerCase();
    const group = Object.hasOwn(datasetGroups, name) ? datasetGroups[name] : undefined;
    const members = group ?? datasets.filter((dataset) => dataset.name === name);
    if (members.length > 0) return members;
    throw new UserError(
      `No data set is called ${given}.${nearMatches(given, known)} Choose from: ${known.join(', ')}.`,
    );
  });
  return [...new Set(found)];
}
