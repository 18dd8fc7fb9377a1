/**
 * How RoPE meets a sequence s times longer than those of training, without any more training. ω = base^(−2m/d).
 *
 *   position interpolation   ω′ = ω/s                        Chen et al. 2023, arXiv 2306.15595
 *   NTK-aware                base′ = base·s^(d/(d−2))        bloc97 2023; Peng et al. 2024, section 3.1
 *   YaRN                     ω′ = (1 − g)·ω/s + g·ω,  q and k times 0.1·ln s + 1      Peng et al. 2024, arXiv 2309.00071
 *                            g = clip((r − 1)/(32 − 1), 0, 1),  r = T·ω/2π turns in the training length T
 */
import { inverseFrequencies } from './sinusoidal.ts';

export interface RopeScalingContext {
  /** d */
  readonly headDim: number;
  readonly base: number;
  /** s, at least 1. */
  readonly factor: number;
  /** T */
  readonly trainingLength: number;
}

/** The frequencies ω′ [d/2], and what queries and keys are multiplied by. */
export type RopeScaling = (context: RopeScalingContext) => {
  readonly frequencies: readonly number[];
  readonly gain: number;
};

export const unscaled: RopeScaling = ({ headDim, base }) => ({
  frequencies: inverseFrequencies(headDim, base),
  gain: 1,
});

export const positionInterpolation: RopeScaling = ({ headDim, base, factor }) => ({
  frequencies: inverseFrequencies(headDim, base).map((frequency) => frequency / factor),
  gain: 1,
});

/** For d = 2 there is one frequency, 1, whatever the base. */
export const ntkAware: RopeScaling = ({ headDim, base, factor }) => ({
  frequencies: inverseFrequencies(headDim, headDim > 2 ? base * factor ** (headDim / (headDim - 2)) : base),
  gain: 1,
});

/** Turns in the training length from which a frequency stays as it is, and at which it is fully interpolated. */
const [MANY_TURNS, FEW_TURNS] = [32, 1];

export const yarn: RopeScaling = ({ headDim, base, factor, trainingLength }) => ({
  frequencies: inverseFrequencies(headDim, base).map((frequency) => {
    const turns = (trainingLength * frequency) / (2 * Math.PI); // r
    const kept = Math.min(Math.max((turns - FEW_TURNS) / (MANY_TURNS - FEW_TURNS), 0), 1); // g
    return ((1 - kept) * frequency) / factor + kept * frequency;
  }),
  gain: 0.1 * Math.log(factor) + 1,
});
