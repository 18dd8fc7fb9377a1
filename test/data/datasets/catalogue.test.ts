import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { datasetGroups, datasets, findDatasets } from '../../../src/data/datasets/catalogue.ts';

const shared = new URL('../../../../shared/data/lm/tinyshakespeare.txt', import.meta.url);

describe('the catalogue', () => {
  it('has names, folders and addresses of their own', () => {
    const unique = (values: string[]) => expect(new Set(values).size).toBe(values.length);
    unique([...datasets.map(({ name }) => name), ...Object.keys(datasetGroups)]);
    unique(datasets.map(({ folder }) => folder));
    unique(datasets.flatMap(({ sources }) => sources.map(({ url }) => url)));
    for (const { name, folder } of datasets)
      expect(`${name} ${folder}`).toMatch(/^[a-z0-9.-]+ [\w.-]+(\/[\w.-]+)?$/);
  });

  it('fetches over TLS, with a size, and a digest where one is known', () => {
    for (const source of datasets.flatMap(({ sources }) => sources)) {
      expect(source.url).toMatch(/^https:\/\//);
      expect(source.bytes).toBeGreaterThan(1000);
      if (source.sha256 !== null) expect(source.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    const unknown = datasets.filter(({ sources }) => sources.some(({ sha256 }) => sha256 === null));
    expect(unknown.map(({ name }) => name)).toEqual(['wikitext-2', 'wikitext-103-raw']);
  });

  it('gives every file of a set exactly once, unless the set is assembled', () => {
    for (const { sources, files, assemble } of datasets.filter((dataset) => dataset.assemble === undefined)) {
      expect(assemble).toBeUndefined();
      const given = sources.flatMap(({ gives }) => ('as' in gives ? [gives.as] : gives.files));
      expect(given.toSorted()).toEqual(files.toSorted());
    }
  });

  it('knows the tasks of GLUE by the folders of its readers', () => {
    expect(datasetGroups.glue?.map(({ folder }) => folder)).toEqual(
      ['CoLA', 'SST-2', 'MRPC', 'QQP', 'STS-B', 'MNLI', 'QNLI', 'RTE', 'WNLI'].map((task) => `glue/${task}`),
    );
  });

  it.skipIf(!existsSync(shared))(
    'has the digest of the tiny Shakespeare that lies beside the checkout',
    () => {
      const content = readFileSync(shared);
      const [source] = findDatasets(['tiny-shakespeare'])[0]?.sources ?? [];
      expect(source?.bytes).toBe(content.length);
      expect(source?.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    },
  );
});

describe('findDatasets', () => {
  const names = (given: string[]) => findDatasets(given).map(({ name }) => name);

  it('takes groups, any case, and each set once', () => {
    expect(names(['SST-2', 'enwik8', 'sst-2'])).toEqual(['sst-2', 'enwik8']);
    expect(names(['squad'])).toEqual(['squad-1.1', 'squad-2.0']);
    expect(names(['rte', 'glue'])[0]).toBe('rte');
    expect(names(['rte', 'glue'])).toHaveLength(9);
  });

  it.each([
    ['sst2', 'sst-2'],
    ['shakespeare', 'tiny-shakespeare'],
    ['wikitext2', 'wikitext-2'],
    ['enwiki8', 'enwik8'],
    ['constructor', ''],
  ])('says what may be meant by %s', (given, meant) => {
    expect(() => findDatasets([given])).toThrow(
      new RegExp(
        `No data set is called ${given}\\.${meant === '' ? '' : `.*Did you mean .*${meant}`}.*Choose from`,
      ),
    );
  });
});
