// Softmax over the keys of attention scores [..., Tq, Tk], causal or not, forward and backward: masked-softmax.ts.
// Query i of Tq sees the keys up to i + Tk − Tq; weights of later keys are exactly 0 and are never computed.
#include <algorithm>

#include "../../native/kernel.h"
#include "../../native/parallel.h"
#include "../../native/vector-math.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  explicit Settings(Attributes& attributes) : causal(attributes.boolean("causal")) {}
  const bool causal;
};

struct Rows {
  Rows(const std::vector<int64_t>& shape, bool causal)
      : queries(shape[shape.size() - 2]), keys(shape.back()), causal(causal) {}
  int64_t visible(int64_t row) const {
    return causal ? std::clamp<int64_t>(row % queries + 1 + keys - queries, 0, keys) : keys;
  }
  int64_t grain() const { return std::max<int64_t>(1, 16 * 1024 / std::max<int64_t>(1, keys)); }
  int64_t queries, keys;
  bool causal;
};

// scores -> weights
void forward(void* data, TF_OpKernelContext* kernelContext) {
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  if (shape.size() < 2) return context.fail("scores must have at least the dimensions [Tq, Tk]");
  const Rows rows(shape, static_cast<Settings*>(data)->causal);
  const int64_t count = rows.keys == 0 ? 0 : context.count(0) / rows.keys;
  const float* scores = context.input(0);
  float* weights = context.output(0, shape);
  if (context.failed()) return;
  tfjs_methods::parallelFor(count, rows.grain(), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* s = scores + row * rows.keys;
      float* w = weights + row * rows.keys;
      const int64_t visible = rows.visible(row);
      const float most = visible > 0 ? tfjs_methods::vectorMax(s, visible) : 0.0f;
      float sum = 0;
      for (int64_t j = 0; j < visible; ++j) {
        w[j] = tfjs_methods::vectorExp(s[j] - most);
        sum += w[j];
      }
      const float scale = 1.0f / sum;
      for (int64_t j = 0; j < visible; ++j) w[j] *= scale;
      std::fill(w + visible, w + rows.keys, 0.0f);
    }
  });
}

// weights, dweights -> dscores = weights ∘ (dweights − Σ dweights ∘ weights)
void backward(void* data, TF_OpKernelContext* kernelContext) {
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  if (shape.size() < 2) return context.fail("weights must have at least the dimensions [Tq, Tk]");
  const Rows rows(shape, static_cast<Settings*>(data)->causal);
  const int64_t size = context.count(0), count = rows.keys == 0 ? 0 : size / rows.keys;
  const float* weights = context.input(0);
  const float* dweights = context.input(1, size);
  float* dscores = context.output(0, shape);
  if (context.failed()) return;
  tfjs_methods::parallelFor(count, rows.grain(), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* w = weights + row * rows.keys;
      const float* d = dweights + row * rows.keys;
      float* ds = dscores + row * rows.keys;
      const int64_t visible = rows.visible(row);
      float sum = 0;
      for (int64_t j = 0; j < visible; ++j) sum += d[j] * w[j];
      for (int64_t j = 0; j < visible; ++j) ds[j] = w[j] * (d[j] - sum);
      std::fill(ds + visible, ds + rows.keys, 0.0f);
    }
  });
}

void sameShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  tfjs_methods::shapeOfInput(context, 0, 0, status);
}

const tfjs_methods::Registration maskedSoftmax({
    "TfjsMethodsMaskedSoftmax",
    {"causal: bool"},
    {"scores: float"},
    {"weights: float"},
    {},
    tfjs_methods::createSettings<Settings>,
    forward,
    tfjs_methods::destroySettings<Settings>,
    sameShape,
});

const tfjs_methods::Registration maskedSoftmaxGrad({
    "TfjsMethodsMaskedSoftmaxGrad",
    {"causal: bool"},
    {"weights: float", "dweights: float"},
    {"dscores: float"},
    {},
    tfjs_methods::createSettings<Settings>,
    backward,
    tfjs_methods::destroySettings<Settings>,
    sameShape,
});

}  // namespace
