// The gradients of cdape.cc.
#include "score-rows.h"

namespace tfjs_methods::cdape {
namespace {

// The gradients of a chunk of rows by the weights.
struct WeightGradients {
  explicit WeightGradients(const Sizes& s)
      : kernel1OfScores(s.taps, s.heads, s.width),
        kernel1OfBias(s.taps, s.heads, s.withBias() ? s.width : 0),
        kernel2(s.taps, s.heads, s.width),
        bias1(s.width, 0.0f),
        bias2(s.heads, 0.0f) {}

  // All in one row: kernel1 [k, C, w], bias1 [w], kernel2 [k, w, H], bias2 [H].
  static int64_t size(const Sizes& s) {
    return s.taps * (s.channels + s.heads) * s.width + s.width + s.heads;
  }
  void write(const Sizes& s, float* to) const {
    for (int64_t tap = 0; tap < s.taps; ++tap) {
      for (int64_t c = 0; c < s.channels; ++c) {
        for (int64_t o = 0; o < s.width; ++o) {
          *to++ = c < s.heads ? kernel1OfScores.at(tap, c, o) : kernel1OfBias.at(tap, c - s.heads, o);
        }
      }
    }
    to = std::copy(bias1.begin(), bias1.end(), to);
    for (int64_t tap = 0; tap < s.taps; ++tap) {
      for (int64_t o = 0; o < s.width; ++o) {
        // Gathered over keys of the hidden channels, from which a tap of W₂ looks the other way.
        for (int64_t head = 0; head < s.heads; ++head) *to++ = kernel2.at(s.taps - 1 - tap, head, o);
      }
    }
    std::copy(bias2.begin(), bias2.end(), to);
  }

  TapGradient kernel1OfScores, kernel1OfBias, kernel2;
  std::vector<float> bias1, bias2;
};

struct Gradients {
  const float* dy;
  float* scores;
  float* bias;
};

// The gradients of the residual: dy at the keys that the query sees, 0 at the others; and of b₂.
void residualGradients(const Settings& settings, const Sizes& s, int64_t query, const Gradients& g, WeightGradients& sums) {
  const int64_t visible = s.visible(query);
  for (int64_t head = 0; head < s.heads; ++head) {
    const int64_t at = s.row(head, query);
    if (s.withBias()) std::fill(g.bias + at, g.bias + at + s.keys, 0.0f);
    for (int64_t b = 0; b < s.batch; ++b) {
      const float* dy = g.dy + b * s.mapSize() + at;
      float* row = g.scores + b * s.mapSize() + at;
      std::fill(row, row + s.keys, 0.0f);
      if (settings.addScores) std::copy(dy, dy + visible, row);
      if (s.withBias() && settings.addBias) for (int64_t j = 0; j < visible; ++j) g.bias[at + j] += dy[j];
      float sum = 0;
      for (int64_t j = 0; j < visible; ++j) sum += dy[j];
      sums.bias2[head] += sum;
    }
  }
}

// scores, bias, kernel1, bias1, kernel2, dy -> dscores, dbias (summed over B), dkernel1, dbias1, dkernel2, dbias2
void backward(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& settings = *static_cast<Settings*>(data);
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0), biasShape = context.shape(1), kernel1Shape = context.shape(2),
                             kernel2Shape = context.shape(4);
  if (context.failed()) return;
  const Sizes s(settings, shape, kernel1Shape, kernel2Shape);
  if (!s.fit) return context.fail("scores and kernels do not fit together");
  const float* scores = context.input(0);
  const float* bias = context.input(1, s.withBias() ? s.mapSize() : -1);
  const float* kernel1 = context.input(2);
  const float* bias1 = context.input(3, s.width);
  const float* kernel2 = context.input(4);
  Gradients g{};
  g.dy = context.input(5, s.batch * s.mapSize());
  g.scores = context.output(0, shape);
  g.bias = context.output(1, biasShape);
  float* weightGradients[] = {context.output(2, kernel1Shape), context.output(3, {s.width}),
                              context.output(4, kernel2Shape), context.output(5, {s.heads})};
  if (context.failed()) return;

  const Weights weights(s, kernel1, kernel2);
  const int64_t chunkRows = s.chunkRows(), size = WeightGradients::size(s);
  std::vector<float> partial((s.queries + chunkRows - 1) / chunkRows * size);
  const int64_t margin = 2 * s.half;
  eachChunk(s, [&](int64_t begin, int64_t end) {
    WeightGradients sums(s);
    Hidden hidden(s, weights, bias1);
    KeyMap in(s.heads, s.tileColumns()), biasIn(s.heads, s.tileColumns()), dy(s.heads, s.tileColumns());
    // Gradients by the hidden channels before LeakyReLU, of a sequence and of all, from column `margin` on; 0 around.
    KeyMap own(s.width, s.tileColumns()), all(s.width, s.tileColumns()), back(s.heads, s.tileColumns());
    const auto zero = [](int64_t, int64_t) { return Vector{}; };
    const auto keep = [&](int64_t head, int64_t j, Vector sum) { store(back.row(head) + j, sum); };
    for (int64_t query = begin; query < end; ++query) {
      residualGradients(settings, s, query, g, sums);
      const int64_t visible = s.visible(query);
      eachTile(visible == 0 ? 0 : std::min(s.hiddenKeys, visible + s.half), [&](int64_t firstHidden, int64_t endHidden) {
        const int64_t columns = endHidden - firstHidden, firstKey = firstHidden - s.half, keys = columns + margin;
        const int64_t read = roundUp(columns, kLanes) + margin, tail = margin + columns, rest = roundUp(keys, kLanes) - columns;
        if (s.withBias()) {
          window(s, bias, query, firstKey, read, biasIn);
          hidden.prepare(biasIn, bias1, columns);
        }
        for (int64_t o = 0; o < s.width; ++o) std::fill(all.row(o), all.row(o) + all.stride(), 0.0f);
        for (int64_t b = 0; b < s.batch; ++b) {
          window(s, scores + b * s.mapSize(), query, firstKey, read, in);
          window(s, g.dy + b * s.mapSize(), query, firstKey, read, dy);
          hidden.compute(in, 0, columns, columns);
          correlate(weights.outputToHidden, dy, columns, zero, [&](int64_t o, int64_t j, Vector sum) {
            const Vector h = load(hidden.map.row(o) + j);
            const Vector gradient = h > 0.0f ? sum : kSlope * sum;
            float* total = all.row(o) + margin + j;
            store(own.row(o) + margin + j, gradient);
            store(total, load(total) + gradient);
          });
          for (int64_t o = 0; o < s.width; ++o) std::fill_n(own.row(o) + tail, rest, 0.0f);
          sums.kernel2.add(dy, hidden.map, 0, columns);
          sums.kernel1OfScores.add(in, own, margin, columns);
          correlate(weights.hiddenToScores, own, keys, zero, keep);
          addWindow(s, back, query, firstKey, keys, g.scores + b * s.mapSize());
        }
        for (int64_t o = 0; o < s.width; ++o) {
          std::fill_n(all.row(o) + tail, rest, 0.0f);
          const float* total = all.row(o) + margin;
          float sum = 0;
          for (int64_t j = 0; j < columns; ++j) sum += total[j];
          sums.bias1[o] += sum;
        }
        if (!s.withBias()) return;
        sums.kernel1OfBias.add(biasIn, all, margin, columns);
        correlate(weights.hiddenToBias, all, keys, zero, keep);
        addWindow(s, back, query, firstKey, keys, g.bias);
      });
    }
    sums.write(s, &partial[begin / chunkRows * size]);
  });

  std::vector<float> total(size, 0.0f);
  for (size_t i = 0; i < partial.size(); ++i) total[i % size] += partial[i];
  const float* from = total.data();
  const int64_t parts[] = {s.taps * s.channels * s.width, s.width, s.taps * s.width * s.heads, s.heads};
  for (int part = 0; part < 4; from += parts[part++]) std::copy(from, from + parts[part], weightGradients[part]);
}

void backwardShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  for (int i = 0; i < 5; ++i) shapeOfInput(context, i, i, status);
  unknownVector(context, 5, status);
}

const Registration scoreConvolutionGrad({
    "TfjsMethodsScoreConvolutionGrad",
    kAttributes,
    {"scores: float", "bias: float", "kernel1: float", "bias1: float", "kernel2: float", "dy: float"},
    {"dscores: float", "dbias: float", "dkernel1: float", "dbias1: float", "dkernel2: float", "dbias2: float"},
    {},
    createSettings<Settings>,
    backward,
    destroySettings<Settings>,
    backwardShape,
});

}  // namespace
}  // namespace tfjs_methods::cdape
