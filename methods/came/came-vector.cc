// The CAME update of an un-factored variable (rank 0 or 1, or factorization 'none'), in place: full second moment, no
// confidence. came.ts in two passes over memory:
//   A  v, Σu²    v ← β₂v + (1 − β₂)(g² + ε₁);  u = g/√v
//   B  M, W      û = u/max(1, RMS(u)/d); M ← β₁M + (1 − β₁)û; W ← W(1 − ηλ) − ηM
#include <algorithm>
#include <cmath>
#include <vector>

#include "../../src/native/kernel.h"
#include "../../src/native/parallel.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  explicit Settings(Attributes& attributes)
      : oneMinusBeta1(attributes.number("one_minus_beta1")),
        oneMinusBeta2(attributes.number("one_minus_beta2")),
        epsilon1(attributes.number("epsilon1")),
        clipThreshold(attributes.number("clip_threshold")),
        skipNonFinite(attributes.boolean("skip_non_finite")) {}
  const float oneMinusBeta1, oneMinusBeta2, epsilon1, clipThreshold;
  const bool skipNonFinite;
};

constexpr int64_t kGrain = 32 * 1024;

// Σ f(i) over [0, count): float within a block, double between blocks, blocks in a fixed order.
template <class Term>
double blockedSum(tfjs_methods::Team& team, int64_t count, Term&& term) {
  std::vector<double> partial((count + kGrain - 1) / kGrain);
  team.parallelFor(count, kGrain, [&](int64_t begin, int64_t end) {
    float sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += term(i);
    partial[begin / kGrain] = sum;
  });
  double total = 0;
  for (double sum : partial) total += sum;
  return total;
}

void compute(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& s = *static_cast<Settings*>(data);
  Context context(kernelContext);
  const int64_t size = context.count(0);
  float* W = context.input(0, size);
  float* M = context.input(1, size);
  float* v = context.input(2, size);
  const float* g = context.input(3, size);
  const float* scalars = context.input(4, 2);
  if (context.failed()) return;
  const float eta = scalars[0];    // η
  const float decay = scalars[1];  // 1 − ηλ

  tfjs_methods::Team team(/*more=*/true);
  if (s.skipNonFinite && !std::isfinite(blockedSum(team, size, [&](int64_t i) { return g[i] * g[i]; }))) {
    return context.done();
  }

  // A
  const double sumOfSquares = blockedSum(team, size, [&](int64_t i) {
    v[i] += s.oneMinusBeta2 * (g[i] * g[i] + s.epsilon1 - v[i]);
    const float u = g[i] / std::sqrt(v[i]);
    return u * u;
  });
  const double rms = std::sqrt(sumOfSquares / static_cast<double>(size));
  // Written so that NaN stays NaN.
  const float clip = static_cast<float>(rms <= s.clipThreshold ? 1.0 : s.clipThreshold / rms);

  // B
  team.parallelFor(size, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float clipped = g[i] / std::sqrt(v[i]) * clip;
      M[i] += s.oneMinusBeta1 * (clipped - M[i]);
      W[i] = decay * W[i] - eta * M[i];
    }
  });
  context.done();
}

const tfjs_methods::Registration cameVector({
    "TfjsMethodsCameVector",
    {"one_minus_beta1: float", "one_minus_beta2: float", "epsilon1: float",
     "clip_threshold: float", "skip_non_finite: bool"},
    {"variable: float", "momentum: float", "second_moment: float", "gradient: float", "scalars: float"},
    {"done: float"},
    {0, 1, 2},
    tfjs_methods::createSettings<Settings>,
    compute,
    tfjs_methods::destroySettings<Settings>,
    tfjs_methods::scalarShape,
});

}  // namespace
