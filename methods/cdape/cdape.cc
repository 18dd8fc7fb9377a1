// CDAPE on attention scores, forward: native-score-convolution.ts.
#include "score-rows.h"

namespace tfjs_methods::cdape {
namespace {

// scores, bias (empty where W₁ has H channels), kernel1, bias1, kernel2, bias2 -> [B, H, Tq, Tk]
void forward(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& settings = *static_cast<Settings*>(data);
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0), kernel1Shape = context.shape(2), kernel2Shape = context.shape(4);
  if (context.failed()) return;
  const Sizes s(settings, shape, kernel1Shape, kernel2Shape);
  if (!s.fit) return context.fail("scores and kernels do not fit together");
  const float* scores = context.input(0);
  const float* bias = context.input(1, s.withBias() ? s.mapSize() : -1);
  const float* kernel1 = context.input(2);
  const float* bias1 = context.input(3, s.width);
  const float* kernel2 = context.input(4);
  const float* bias2 = context.input(5, s.heads);
  float* output = context.output(0, shape);
  if (context.failed()) return;

  const Weights weights(s, kernel1, kernel2);
  eachChunk(s, [&](int64_t begin, int64_t end) {
    Hidden hidden(s, weights, bias1);
    KeyMap in(s.heads, s.tileColumns()), biasIn(s.heads, s.tileColumns()), change(s.heads, s.tileColumns());
    const std::vector<float> zeros(kTile, 0.0f);
    const auto initial = [&](int64_t head, int64_t) { return head < s.heads ? bias2[head] + Vector{} : Vector{}; };
    for (int64_t query = begin; query < end; ++query) {
      eachTile(s.visible(query), [&](int64_t firstKey, int64_t endKey) {
        const int64_t keys = endKey - firstKey, firstHidden = firstKey - s.half, columns = keys + 2 * s.half;
        const int64_t read = roundUp(columns, kLanes) + 2 * s.half;
        if (s.withBias()) {
          window(s, bias, query, firstHidden - s.half, read, biasIn);
          hidden.prepare(biasIn, bias1, columns);
        }
        for (int64_t b = 0; b < s.batch; ++b) {
          window(s, scores + b * s.mapSize(), query, firstHidden - s.half, read, in);
          hidden.compute(in, std::max<int64_t>(0, -firstHidden), std::min(columns, s.hiddenKeys - firstHidden), columns);
          correlate(weights.hiddenToOutput, hidden.map, keys, initial,
                    [&](int64_t head, int64_t j, Vector sum) { store(change.row(head) + j, sum); });
          for (int64_t head = 0; head < s.heads; ++head) {
            float* row = output + b * s.mapSize() + s.row(head, query) + firstKey;
            const float* f = change.row(head);
            const float* own = settings.addScores ? in.row(head) + 2 * s.half : zeros.data();
            const float* shared = settings.addBias ? biasIn.row(head) + 2 * s.half : zeros.data();
            for (int64_t j = 0; j < keys; ++j) row[j] = f[j] + own[j] + shared[j];
          }
        }
      });
      for (int64_t b = 0; b < s.batch; ++b) {
        for (int64_t head = 0; head < s.heads; ++head) {
          float* row = output + b * s.mapSize() + s.row(head, query);
          std::fill(row + s.visible(query), row + s.keys, 0.0f);
        }
      }
    }
  });
}

void forwardShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  shapeOfInput(context, 0, 0, status);
}

const Registration scoreConvolution({
    "TfjsMethodsScoreConvolution",
    kAttributes,
    {"scores: float", "bias: float", "kernel1: float", "bias1: float", "kernel2: float", "bias2: float"},
    {"processed: float"},
    {},
    createSettings<Settings>,
    forward,
    destroySettings<Settings>,
    forwardShape,
});

}  // namespace
}  // namespace tfjs_methods::cdape
