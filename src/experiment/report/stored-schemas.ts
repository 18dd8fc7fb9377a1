import { z } from 'zod';
import type { Chart } from '../chart.ts';
import { presets } from '../experiment.ts';
import type { Summary } from '../summary.ts';
import type { Cell, Table } from '../table.ts';

const verdict = z.enum(['met', 'not met', 'not tested']);
const metrics = z.record(z.string(), z.number());

/** config.json. */
export const settingsSchema = z.looseObject({
  experiment: z.string(),
  preset: z.enum(presets),
  seeds: z.array(z.number()),
  config: z.record(z.string(), z.unknown()),
  backend: z.string().optional(),
});

/** environment.json. */
export const environmentSchema = z.looseObject({
  started: z.string(),
  commit: z.string().nullable(),
  dirty: z.boolean().nullable(),
  cpu: z.string(),
  cores: z.number(),
  command: z.array(z.string()),
});

/** summary.json. */
export const summarySchema: z.ZodType<Summary> = z.looseObject({
  experiment: z.string(),
  preset: z.enum(presets),
  backend: z.string(),
  claim: z.string(),
  verdict,
  reason: z.string(),
  metrics,
  seeds: z.array(z.number()),
  warnings: z.array(z.string()),
  started: z.string(),
  seconds: z.number(),
  commit: z.string().nullable(),
  directory: z.string(),
});

// JSON has no NaN, with which an interval says that it is not known: it comes back as null.
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

const cell: z.ZodType<Cell> = z.union([
  z.string(),
  z.number(),
  z.null(),
  z.looseObject({ mean: number, low: number, high: number, n: z.number() }),
]);

const table: z.ZodType<Table> = z.object({
  title: z.string(),
  columns: z.array(z.object({ title: z.string(), digits: z.number().optional() })),
  rows: z.array(z.array(cell)),
  note: z.string().optional(),
}) as z.ZodType<Table>;

const chart = z.object({
  name: z.string().regex(/^[a-z0-9-]+$/, 'a chart has a name in small letters, digits and dashes'),
  title: z.string(),
  description: z.string(),
  spec: z.looseObject({ data: z.looseObject({ values: z.array(z.unknown()) }).optional() }),
}) as unknown as z.ZodType<Chart>;

/** outcome.json. */
export const outcomeSchema = z.object({
  /** Absent where an earlier version of the tool wrote it. */
  title: z.string().optional(),
  question: z.string().optional(),
  verdict,
  reason: z.string(),
  metrics,
  tables: z.array(table),
  charts: z.array(chart),
  warnings: z.array(z.string()).default([]),
});

export type StoredSettings = z.infer<typeof settingsSchema>;
export type StoredEnvironment = z.infer<typeof environmentSchema>;
export type StoredOutcome = z.infer<typeof outcomeSchema>;
