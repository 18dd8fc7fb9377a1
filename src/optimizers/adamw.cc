// The whole AdamW update of all variables, in place, in one pass over memory: adamw.ts (Loshchilov & Hutter, ICLR 2019).
#include <algorithm>
#include <cmath>
#include <vector>

#include "../native/kernel.h"
#include "../native/parallel.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  // Moments move by 1 − β, computed in double by JavaScript, towards the new value.
  explicit Settings(Attributes& attributes)
      : sizes(attributes.integers("sizes")),
        groups(attributes.integers("groups")),
        oneMinusBeta1(attributes.number("one_minus_beta1")),
        oneMinusBeta2(attributes.number("one_minus_beta2")),
        epsilon(attributes.number("epsilon")) {}
  const std::vector<int64_t> sizes, groups;
  const float oneMinusBeta1, oneMinusBeta2, epsilon;
};

// Elements [begin, end) of one variable.
struct Range {
  size_t variable;
  int64_t begin, end;
};

std::vector<Range> ranges(const std::vector<int64_t>& sizes) {
  constexpr int64_t kElements = 128 * 1024;
  std::vector<Range> all;
  for (size_t k = 0; k < sizes.size(); ++k) {
    for (int64_t begin = 0; begin < sizes[k]; begin += kElements) {
      all.push_back({k, begin, std::min(sizes[k], begin + kElements)});
    }
  }
  return all;
}

void compute(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& s = *static_cast<Settings*>(data);
  const int count = static_cast<int>(s.sizes.size());
  Context context(kernelContext);
  const auto variables = context.list(0, s.sizes);
  const auto firstMoments = context.list(1, s.sizes);
  const auto secondMoments = context.list(2, s.sizes);
  const auto gradients = context.list(3, s.sizes);
  const float* scalars = context.input(4 * count);  // [groups, 3]
  const float* gradientScale = context.input(4 * count + 1, 1);
  if (context.failed()) return;

  const std::vector<Range> work = ranges(s.sizes);
  tfjs_methods::Team().parallelFor(static_cast<int64_t>(work.size()), 1, [&](int64_t item, int64_t) {
    const auto [k, begin, end] = work[item];
    const float* row = scalars + 3 * s.groups[k];
    const float stepSize = row[0];                  // η / (1 − β₁ᵗ)
    const float decay = row[1];                     // 1 − ηλ
    const float inverseCorrection = 1.0f / row[2];  // 1/√(1 − β₂ᵗ)
    float *W = variables[k], *m = firstMoments[k], *v = secondMoments[k];
    const float* g = gradients[k];
    const float scale = *gradientScale;
    const float oneMinusBeta1 = s.oneMinusBeta1, oneMinusBeta2 = s.oneMinusBeta2, epsilon = s.epsilon;
    for (int64_t i = begin; i < end; ++i) {
      const float gradient = scale * g[i];
      m[i] += oneMinusBeta1 * (gradient - m[i]);
      v[i] += oneMinusBeta2 * (gradient * gradient - v[i]);
      W[i] = decay * W[i] - stepSize * m[i] / (std::sqrt(v[i]) * inverseCorrection + epsilon);
    }
  });
  context.done();
}

const tfjs_methods::Registration adamw({
    "TfjsMethodsAdamw",
    {"N: int >= 1", "sizes: list(int)", "groups: list(int)", "one_minus_beta1: float", "one_minus_beta2: float",
     "epsilon: float"},
    {"variables: N * float", "first_moments: N * float", "second_moments: N * float", "gradients: N * float",
     "scalars: float", "gradient_scale: float"},
    {"done: float"},
    {0, 1, 2},
    tfjs_methods::createSettings<Settings>,
    compute,
    tfjs_methods::destroySettings<Settings>,
    tfjs_methods::scalarShape,
});

}  // namespace
