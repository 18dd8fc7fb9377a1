// Rows of a projection to attention heads and back, with no pass over memory but the copy itself: heads.ts.
// Rows are [B·T, parts·H·d]; heads are [B, H, T, d].
#include <algorithm>

#include "../../native/kernel.h"
#include "../../native/parallel.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  explicit Settings(Attributes& attributes)
      : batch(attributes.integer("batch")), heads(attributes.integer("heads")), scale(attributes.number("scale")) {}
  const int64_t batch, heads;
  const float scale;  // of the first part
};

// Visits the d numbers of each (part, batch entry, head, position): visit(part, offset in the head tensor, offset in the rows).
template <class Visit>
void eachVector(int64_t parts, int64_t batch, int64_t heads, int64_t length, int64_t depth, Visit&& visit) {
  const int64_t width = parts * heads * depth;
  const int64_t grain = std::max<int64_t>(1, 16 * 1024 / std::max<int64_t>(1, length * depth));
  tfjs_methods::parallelFor(parts * batch * heads, grain, [=](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) {
      const int64_t part = index / (batch * heads), b = index / heads % batch, h = index % heads;
      for (int64_t t = 0; t < length; ++t) {
        visit(part, ((b * heads + h) * length + t) * depth, (b * length + t) * width + (part * heads + h) * depth);
      }
    }
  });
}

// rows [B·T, 3·H·d] -> queries · scale, keys, values, each [B, H, T, d]
void split(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& s = *static_cast<Settings*>(data);
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  const float* rows = context.input(0);
  if (context.failed()) return;
  if (shape.size() != 2 || shape[0] % s.batch != 0 || shape[1] % (3 * s.heads) != 0) {
    return context.fail("rows must be [batch * length, 3 * heads * depth]");
  }
  const int64_t length = shape[0] / s.batch, depth = shape[1] / (3 * s.heads);
  float* outputs[3];
  for (int part = 0; part < 3; ++part) outputs[part] = context.output(part, {s.batch, s.heads, length, depth});
  if (context.failed()) return;
  eachVector(3, s.batch, s.heads, length, depth, [&](int64_t part, int64_t head, int64_t row) {
    const float scale = part == 0 ? s.scale : 1.0f;
    for (int64_t i = 0; i < depth; ++i) outputs[part][head + i] = scale * rows[row + i];
  });
}

// gradients of queries, keys, values, each [B, H, T, d] -> gradient of the rows [B·T, 3·H·d]
void splitGrad(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& s = *static_cast<Settings*>(data);
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  const int64_t size = context.count(0);
  const float* inputs[3];
  for (int part = 0; part < 3; ++part) inputs[part] = context.input(part, size);
  if (context.failed()) return;
  if (shape.size() != 4) return context.fail("heads must be [batch, heads, length, depth]");
  const int64_t length = shape[2], depth = shape[3];
  float* rows = context.output(0, {s.batch * length, 3 * s.heads * depth});
  if (context.failed()) return;
  eachVector(3, s.batch, s.heads, length, depth, [&](int64_t part, int64_t head, int64_t row) {
    const float scale = part == 0 ? s.scale : 1.0f;
    for (int64_t i = 0; i < depth; ++i) rows[row + i] = scale * inputs[part][head + i];
  });
}

// [B, H, T, d] -> rows [B·T, H·d]
void merge(void*, TF_OpKernelContext* kernelContext) {
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  const float* heads = context.input(0);
  if (context.failed()) return;
  if (shape.size() != 4) return context.fail("heads must be [batch, heads, length, depth]");
  const int64_t depth = shape[3];
  float* rows = context.output(0, {shape[0] * shape[2], shape[1] * depth});
  if (context.failed()) return;
  eachVector(1, shape[0], shape[1], shape[2], depth, [=](int64_t, int64_t head, int64_t row) {
    std::copy(heads + head, heads + head + depth, rows + row);
  });
}

// gradient of the rows [B·T, H·d] -> [B, H, T, d]
void mergeGrad(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& s = *static_cast<Settings*>(data);
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  const float* rows = context.input(0);
  if (context.failed()) return;
  if (shape.size() != 2 || shape[0] % s.batch != 0 || shape[1] % s.heads != 0) {
    return context.fail("rows must be [batch * length, heads * depth]");
  }
  const int64_t length = shape[0] / s.batch, depth = shape[1] / s.heads;
  float* heads = context.output(0, {s.batch, s.heads, length, depth});
  if (context.failed()) return;
  eachVector(1, s.batch, s.heads, length, depth, [=](int64_t, int64_t head, int64_t row) {
    std::copy(rows + row, rows + row + depth, heads + head);
  });
}

void unknownShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

const std::vector<const char*> kAttributes = {"batch: int", "heads: int", "scale: float"};

const tfjs_methods::Registration splitHeads({
    "TfjsMethodsSplitHeads",
    kAttributes,
    {"rows: float"},
    {"queries: float", "keys: float", "values: float"},
    {},
    tfjs_methods::createSettings<Settings>,
    split,
    tfjs_methods::destroySettings<Settings>,
    unknownShapes,
});

const tfjs_methods::Registration splitHeadsGrad({
    "TfjsMethodsSplitHeadsGrad",
    kAttributes,
    {"dqueries: float", "dkeys: float", "dvalues: float"},
    {"drows: float"},
    {},
    tfjs_methods::createSettings<Settings>,
    splitGrad,
    tfjs_methods::destroySettings<Settings>,
    unknownShapes,
});

const tfjs_methods::Registration mergeHeads({
    "TfjsMethodsMergeHeads", {}, {"heads: float"}, {"rows: float"}, {}, nullptr, merge, nullptr, unknownShapes});

const tfjs_methods::Registration mergeHeadsGrad({
    "TfjsMethodsMergeHeadsGrad",
    kAttributes,
    {"drows: float"},
    {"dheads: float"},
    {},
    tfjs_methods::createSettings<Settings>,
    mergeGrad,
    tfjs_methods::destroySettings<Settings>,
    unknownShapes,
});

}  // namespace
