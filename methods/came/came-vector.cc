// The CAME update of all un-factored variables (rank 0 or 1, or factorization 'none'), in place: full second moment, no
// confidence. came.ts in two passes over memory:
//   A  v, Σu²    v ← β₂v + (1 − β₂)(g² + ε₁);  u = g/√v
//   B  M, W      û = u/max(1, RMS(u)/d); M ← β₁M + (1 − β₁)û; W ← W(1 − ηλ) − ηM
#include <algorithm>
#include <cmath>
#include <vector>

#include "../../src/native/kernel.h"
#include "../../src/native/parallel.h"
#include "../../src/optimizers/update-each.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  explicit Settings(Attributes& attributes)
      : sizes(attributes.integers("sizes")),
        groups(attributes.integers("groups")),
        oneMinusBeta1(attributes.number("one_minus_beta1")),
        oneMinusBeta2(attributes.number("one_minus_beta2")),
        epsilon1(attributes.number("epsilon1")),
        clipThreshold(attributes.number("clip_threshold")),
        skipNonFinite(attributes.boolean("skip_non_finite")) {}
  const std::vector<int64_t> sizes, groups;
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

// One variable and its state.
struct Update {
  int64_t size;
  float *W, *M, *v;
  const float* g;
  float scale;  // of the gradient: below 1 where it is clipped
  float eta;    // η
  float decay;  // 1 − ηλ
};

void update(const Update& variable, const Settings& s, tfjs_methods::Team& team) {
  const int64_t size = variable.size;
  float *W = variable.W, *M = variable.M, *v = variable.v;
  const float* g = variable.g;
  const float scale = variable.scale, eta = variable.eta, decay = variable.decay;
  if (s.skipNonFinite && !std::isfinite(blockedSum(team, size, [&](int64_t i) { return scale * g[i] * (scale * g[i]); }))) {
    return;
  }

  // A
  const double sumOfSquares = blockedSum(team, size, [&](int64_t i) {
    const float gradient = scale * g[i];
    v[i] += s.oneMinusBeta2 * (gradient * gradient + s.epsilon1 - v[i]);
    const float u = gradient / std::sqrt(v[i]);
    return u * u;
  });
  const double rms = std::sqrt(sumOfSquares / static_cast<double>(size));
  // Written so that NaN stays NaN.
  const float clip = static_cast<float>(rms <= s.clipThreshold ? 1.0 : s.clipThreshold / rms);

  // B
  team.parallelFor(size, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float clipped = scale * g[i] / std::sqrt(v[i]) * clip;
      M[i] += s.oneMinusBeta1 * (clipped - M[i]);
      W[i] = decay * W[i] - eta * M[i];
    }
  });
}

void compute(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& s = *static_cast<Settings*>(data);
  const size_t count = s.sizes.size();
  Context context(kernelContext);
  const auto W = context.list(0, s.sizes), M = context.list(1, s.sizes), v = context.list(2, s.sizes);
  const auto g = context.list(3, s.sizes);
  const float* scalars = context.input(static_cast<int>(4 * count));  // [groups, 3]
  const float* gradientScale = context.input(static_cast<int>(4 * count) + 1, 1);
  if (context.failed()) return;

  std::vector<Update> updates;
  for (size_t k = 0; k < count; ++k) {
    const float* row = scalars + 3 * s.groups[k];
    updates.push_back({s.sizes[k], W[k], M[k], v[k], g[k], *gradientScale, row[2], row[1]});
  }
  tfjs_methods::updateEach(s.sizes, [&](size_t k, tfjs_methods::Team& team) { update(updates[k], s, team); });
  context.done();
}

const tfjs_methods::Registration cameVector({
    "TfjsMethodsCameVector",
    {"N: int >= 1", "sizes: list(int)", "groups: list(int)", "one_minus_beta1: float", "one_minus_beta2: float", "epsilon1: float",
     "clip_threshold: float", "skip_non_finite: bool"},
    {"variables: N * float", "momentums: N * float", "second_moments: N * float", "gradients: N * float",
     "scalars: float", "gradient_scale: float"},
    {"done: float"},
    {0, 1, 2},
    tfjs_methods::createSettings<Settings>,
    compute,
    tfjs_methods::destroySettings<Settings>,
    tfjs_methods::scalarShape,
});

}  // namespace
