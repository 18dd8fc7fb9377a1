// Layer normalisation over the last dimension, forward and backward, each in one pass over the rows: layer-norm.ts.
#include <algorithm>
#include <cmath>

#include "../../native/kernel.h"
#include "../../native/parallel.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  explicit Settings(Attributes& attributes) : epsilon(attributes.number("epsilon")) {}
  const float epsilon;
};

// Rows of one block: blocks depend on the shape alone, so sums over blocks are the same on any number of threads.
int64_t blockHeight(int64_t rows) { return std::max<int64_t>(8, (rows + 31) / 32); }

// x [..., D], gain [D], bias [D] -> y [..., D], mean [N], reciprocal standard deviation [N]
void forward(void* data, TF_OpKernelContext* kernelContext) {
  const float epsilon = static_cast<Settings*>(data)->epsilon;
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  if (context.failed() || shape.empty()) return context.failed() ? void() : context.fail("x must have a dimension");
  const int64_t D = shape.back(), N = D == 0 ? 0 : context.count(0) / D;
  const float* x = context.input(0);
  const float* gain = context.input(1, D);
  const float* bias = context.input(2, D);
  float* y = context.output(0, shape);
  float* mean = context.output(1, {N});
  float* scale = context.output(2, {N});
  if (context.failed()) return;

  tfjs_methods::parallelFor(N, blockHeight(N), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* xi = x + i * D;
      float* yi = y + i * D;
      float sum = 0;
      for (int64_t j = 0; j < D; ++j) sum += xi[j];
      const float mu = sum / static_cast<float>(D);
      float squares = 0;
      for (int64_t j = 0; j < D; ++j) squares += (xi[j] - mu) * (xi[j] - mu);
      const float s = 1.0f / std::sqrt(squares / static_cast<float>(D) + epsilon);
      for (int64_t j = 0; j < D; ++j) yi[j] = (xi[j] - mu) * s * gain[j] + bias[j];
      mean[i] = mu;
      scale[i] = s;
    }
  });
}

// x, gain, mean, reciprocal standard deviation, dy -> dx [..., D], dgain [D], dbias [D]
void backward(void*, TF_OpKernelContext* kernelContext) {
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  if (context.failed() || shape.empty()) return context.failed() ? void() : context.fail("x must have a dimension");
  const int64_t D = shape.back(), N = D == 0 ? 0 : context.count(0) / D;
  const float* x = context.input(0);
  const float* gain = context.input(1, D);
  const float* mean = context.input(2, N);
  const float* scale = context.input(3, N);
  const float* dy = context.input(4, N * D);
  float* dx = context.output(0, shape);
  float* dgain = context.output(1, {D});
  float* dbias = context.output(2, {D});
  if (context.failed()) return;

  const int64_t height = blockHeight(N), blocks = (N + height - 1) / height;
  std::vector<float> gainSums(blocks * D, 0.0f), biasSums(blocks * D, 0.0f);
  tfjs_methods::parallelFor(N, height, [&](int64_t begin, int64_t end) {
    float* gainSum = &gainSums[begin / height * D];
    float* biasSum = &biasSums[begin / height * D];
    for (int64_t i = begin; i < end; ++i) {
      const float* xi = x + i * D;
      const float* dyi = dy + i * D;
      float* dxi = dx + i * D;
      const float mu = mean[i], s = scale[i];
      float sum = 0, product = 0;
      for (int64_t j = 0; j < D; ++j) {
        const float normalized = (xi[j] - mu) * s;
        const float d = dyi[j] * gain[j];
        sum += d;
        product += d * normalized;
        gainSum[j] += dyi[j] * normalized;
        biasSum[j] += dyi[j];
      }
      const float meanSum = sum / static_cast<float>(D), meanProduct = product / static_cast<float>(D);
      for (int64_t j = 0; j < D; ++j) {
        dxi[j] = s * (dyi[j] * gain[j] - meanSum - (xi[j] - mu) * s * meanProduct);
      }
    }
  });
  std::fill(dgain, dgain + D, 0.0f);
  std::fill(dbias, dbias + D, 0.0f);
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t j = 0; j < D; ++j) dgain[j] += gainSums[block * D + j];
    for (int64_t j = 0; j < D; ++j) dbias[j] += biasSums[block * D + j];
  }
}

void backwardShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  tfjs_methods::shapeOfInput(context, 0, 0, status);
  tfjs_methods::shapeOfInput(context, 1, 1, status);
  tfjs_methods::shapeOfInput(context, 1, 2, status);
}

void forwardShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  tfjs_methods::shapeOfInput(context, 0, 0, status);
  tfjs_methods::unknownVector(context, 1, status);
  tfjs_methods::unknownVector(context, 2, status);
}

const tfjs_methods::Registration layerNorm({
    "TfjsMethodsLayerNorm",
    {"epsilon: float"},
    {"x: float", "gain: float", "bias: float"},
    {"y: float", "mean: float", "scale: float"},
    {},
    tfjs_methods::createSettings<Settings>,
    forward,
    tfjs_methods::destroySettings<Settings>,
    forwardShape,
});

const tfjs_methods::Registration layerNormGrad({
    "TfjsMethodsLayerNormGrad",
    {},
    {"x: float", "gain: float", "mean: float", "scale: float", "dy: float"},
    {"dx: float", "dgain: float", "dbias: float"},
    {},
    nullptr,
    backward,
    nullptr,
    backwardShape,
});

}  // namespace
