export { accuracy, f1, type GlueScores, glueScores, matthews, pearson, spearman } from './metrics.ts';
export { type BadRow, type GlueExample, type GlueFile, type GlueSplit, readGlue } from './read-glue.ts';
export { glueSubmission } from './submission.ts';
export { findGlueTask, type GlueMetric, type GlueTask, glueTasks } from './tasks.ts';
