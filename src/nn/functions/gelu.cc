// The exact GELU, x Φ(x), forward and backward: gelu.ts.
#include "../../native/kernel.h"
#include "../../native/parallel.h"
#include "../../native/vector-math.h"

namespace {

using tfjs_methods::Context;

constexpr float kInverseRootTwo = 0.70710678118654752f;
constexpr float kInverseRootTwoPi = 0.39894228040143268f;
constexpr int64_t kGrain = 32 * 1024;

// x -> y
void forward(void*, TF_OpKernelContext* kernelContext) {
  Context context(kernelContext);
  const int64_t size = context.count(0);
  const float* x = context.input(0);
  float* y = context.output(0, context.shape(0));
  if (context.failed()) return;
  tfjs_methods::parallelFor(size, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      y[i] = 0.5f * x[i] * (1.0f + tfjs_methods::vectorErf(x[i] * kInverseRootTwo));
    }
  });
}

// x, dy -> dx = dy (Φ(x) + x φ(x))
void backward(void*, TF_OpKernelContext* kernelContext) {
  Context context(kernelContext);
  const int64_t size = context.count(0);
  const float* x = context.input(0);
  const float* dy = context.input(1, size);
  float* dx = context.output(0, context.shape(0));
  if (context.failed()) return;
  tfjs_methods::parallelFor(size, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float distribution = 0.5f * (1.0f + tfjs_methods::vectorErf(x[i] * kInverseRootTwo));
      const float density = kInverseRootTwoPi * tfjs_methods::vectorExp(-0.5f * x[i] * x[i]);
      dx[i] = dy[i] * (distribution + x[i] * density);
    }
  });
}

void sameShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  tfjs_methods::shapeOfInput(context, 0, 0, status);
}

const tfjs_methods::Registration gelu(
    {"TfjsMethodsGelu", {}, {"x: float"}, {"y: float"}, {}, nullptr, forward, nullptr, sameShape});

const tfjs_methods::Registration geluGrad(
    {"TfjsMethodsGeluGrad", {}, {"x: float", "dy: float"}, {"dx: float"}, {}, nullptr, backward, nullptr, sameShape});

}  // namespace
