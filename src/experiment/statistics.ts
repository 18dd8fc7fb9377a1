export {
  type BootstrapInterval,
  type BootstrapOptions,
  medianInterval,
  type RatioOptions,
  ratioInterval,
} from './statistics/bootstrap.ts';
export { type Interval, meanInterval, pairedDifference, pairedTTest } from './statistics/intervals.ts';
export { type Comparison, compareWithBaseline, holm } from './statistics/multiple-comparisons.ts';
export {
  type PerformanceProfile,
  performanceProfiles,
  profileAt,
  profileScore,
} from './statistics/performance-profile.ts';
export { studentQuantile, studentTails } from './statistics/student.ts';
export {
  summariseTargetTimes,
  type TargetPoint,
  type TargetTimes,
  timeToTarget,
} from './statistics/time-to-target.ts';
