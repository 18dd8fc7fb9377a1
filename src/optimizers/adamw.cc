// The whole AdamW update of one variable, in place, in one pass over memory: adamw.ts (Loshchilov & Hutter, ICLR 2019).
#include <cmath>

#include "../native/kernel.h"
#include "../native/parallel.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  // Moments move by 1 − β, computed in double by JavaScript, towards the new value.
  explicit Settings(Attributes& attributes)
      : oneMinusBeta1(attributes.number("one_minus_beta1")),
        oneMinusBeta2(attributes.number("one_minus_beta2")),
        epsilon(attributes.number("epsilon")) {}
  const float oneMinusBeta1, oneMinusBeta2, epsilon;
};

void compute(void* data, TF_OpKernelContext* kernelContext) {
  const Settings s = *static_cast<Settings*>(data);
  Context context(kernelContext);
  const int64_t size = context.count(0);
  float* W = context.input(0, size);
  float* m = context.input(1, size);
  float* v = context.input(2, size);
  const float* g = context.input(3, size);
  const float* scalars = context.input(4, 3);
  if (context.failed()) return;
  const float stepSize = scalars[0];                  // η / (1 − β₁ᵗ)
  const float decay = scalars[1];                     // 1 − ηλ
  const float inverseCorrection = 1.0f / scalars[2];  // 1/√(1 − β₂ᵗ)

  tfjs_methods::Team team(/*more=*/true);
  team.parallelFor(size, 128 * 1024, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      m[i] += s.oneMinusBeta1 * (g[i] - m[i]);
      v[i] += s.oneMinusBeta2 * (g[i] * g[i] - v[i]);
      W[i] = decay * W[i] - stepSize * m[i] / (std::sqrt(v[i]) * inverseCorrection + s.epsilon);
    }
  });
  context.done();
}

const tfjs_methods::Registration adamw({
    "TfjsMethodsAdamw",
    {"one_minus_beta1: float", "one_minus_beta2: float", "epsilon: float"},
    {"variable: float", "first_moment: float", "second_moment: float", "gradient: float", "scalars: float"},
    {"done: float"},
    {0, 1, 2},
    tfjs_methods::createSettings<Settings>,
    compute,
    tfjs_methods::destroySettings<Settings>,
    tfjs_methods::scalarShape,
});

}  // namespace
