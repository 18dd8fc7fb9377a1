import { join } from 'node:path';
import { readTextFile } from '../../data/index.ts';
import { UserError } from '../../errors.ts';

export const SETTINGS_FILE = 'config.json';

/** A folder in Hugging Face's layout, its config.json read. */
export interface ModelFolder {
  readonly path: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly settingsPath: string;
  /** `model_type`; 'bert' where old folders do not say. */
  readonly modelType: string;
  /** The class that saved it: `BertForSequenceClassification`; undefined where it does not say. */
  readonly architecture: string | undefined;
  /** Names of the classes of a classifier, in order (`id2label`); undefined where there are none. */
  readonly labels: readonly string[] | undefined;
}

/** @throws UserError (exit code 3) if there is no config.json, or it is no JSON object, or its labels have gaps */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const settingsPath = join(path, SETTINGS_FILE);
  const { bytes } = await readTextFile(settingsPath);
  let settings: unknown;
  try {
    settings = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UserError(`${settingsPath} is not valid JSON: ${(error as Error).message}.`, 3);
  }
  if (!isRecord(settings)) throw new UserError(`${settingsPath} is not a JSON object.`, 3);
  const { model_type: modelType = 'bert', architectures, id2label } = settings;
  if (typeof modelType !== 'string') throw new UserError(`${settingsPath}: model_type is not a text.`, 3);
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  return {
    path,
    settings,
    settingsPath,
    modelType,
    architecture: typeof first === 'string' ? first : undefined,
    labels: isRecord(id2label) ? labelsOf(id2label, settingsPath) : undefined,
  };
}

function labelsOf(id2label: Readonly<Record<string, unknown>>, where: string): string[] {
  return Object.keys(id2label).map((_, id) => {
    const label = id2label[String(id)];
    if (typeof label !== 'string') throw new UserError(`${where}: id2label has no text for ${id}.`, 3);
    return label;
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
