export {
  type ExampleSet,
  packExamples,
  ShuffledBatches,
  type TaskExample,
  unpackInputs,
} from './examples.ts';
export {
  type Evaluation,
  type FineTuned,
  type FineTuneOptions,
  type FineTuningPoint,
  fineTune,
} from './fine-tune.ts';
export { evaluateGlue, type GlueEvaluation, gluePrediction } from './glue/evaluate-glue.ts';
export { glueExamples } from './glue/glue-examples.ts';
export { makeOutputReader, type OutputReader } from './output-reader.ts';
export { evaluateSquad, type SquadAnswered, type SquadEvaluation } from './squad/evaluate-squad.ts';
export {
  type SquadDevSet,
  type SquadTrainingSet,
  squadDevSet,
  squadTrainingSet,
} from './squad/squad-examples.ts';
export { classificationTask, regressionTask, spanTask, type TaskModel } from './task-model.ts';
export { openTextPredictor, type Prediction, type TextPredictor } from './text-predictor.ts';
