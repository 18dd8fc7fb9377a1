// CDAPE's f on attention scores with the residual, forward and backward: native-score-convolution.ts. Symbols as in cdape.ts.
//
// A row of scores is done for all sequences one after another, because they share its biases, and in tiles of keys, so that the
// w hidden channels of a tile stay in cache; the backward pass computes them again. Under the tril only keys that the query sees
// are computed; results at later keys are 0. Sums over rows are taken by chunks that depend on the shapes alone, in their order.
#include <algorithm>

#include "../../src/native/kernel.h"
#include "../../src/native/parallel.h"
#include "key-correlation.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;
using tfjs_methods::correlate;
using tfjs_methods::KeyMap;
using tfjs_methods::kLanes;
using tfjs_methods::load;
using tfjs_methods::PackedTaps;
using tfjs_methods::roundUp;
using tfjs_methods::store;
using tfjs_methods::TapGradient;
using tfjs_methods::Vector;

constexpr float kSlope = 0.01f;
constexpr int64_t kTile = 256;           // keys
constexpr int64_t kChunks = 64;          // of rows, at most
constexpr int64_t kChunkWork = 1 << 19;  // products, at least

struct Settings {
  explicit Settings(Attributes& attributes)
      : causal(attributes.boolean("causal")),
        prefixConsistent(attributes.boolean("prefix_consistent")),
        addScores(attributes.boolean("add_scores")),
        addBias(attributes.boolean("add_bias")),
        firstQuery(attributes.integer("first_query")) {}
  const bool causal, prefixConsistent;
  const bool addScores, addBias;  // what the result has beside f
  const int64_t firstQuery;       // its position
};

struct Sizes {
  Sizes(const Settings& settings, const std::vector<int64_t>& scores, const std::vector<int64_t>& kernel1,
        const std::vector<int64_t>& kernel2)
      : causal(settings.causal), firstQuery(settings.firstQuery) {
    if (scores.size() != 4 || kernel1.size() != 4) return;
    batch = scores[0], heads = scores[1], queries = scores[2], keys = scores[3];
    taps = kernel1[1], channels = kernel1[2], width = kernel1[3];
    half = (taps - 1) / 2;
    hiddenKeys = keys + (settings.prefixConsistent ? half : 0);
    fit = taps % 2 == 1 && (channels == heads || channels == 2 * heads) &&
          kernel2 == std::vector<int64_t>{1, taps, width, heads};
  }
  int64_t visible(int64_t query) const { return causal ? std::clamp<int64_t>(firstQuery + query + 1, 0, keys) : keys; }
  bool withBias() const { return channels == 2 * heads; }
  int64_t mapSize() const { return heads * queries * keys; }
  int64_t row(int64_t head, int64_t query) const { return (head * queries + query) * keys; }
  int64_t tileColumns() const { return roundUp(kTile + 2 * half, kLanes) + 2 * half; }
  int64_t chunkRows() const {
    const int64_t rowWork = std::max<int64_t>(1, batch * keys * taps * heads * width);
    return std::max<int64_t>({1, (queries + kChunks - 1) / kChunks, kChunkWork / rowWork});
  }

  const bool causal;
  const int64_t firstQuery;
  bool fit = false;
  int64_t batch = 0, heads = 0, queries = 0, keys = 0, taps = 1, half = 0, channels = 0, width = 0;
  int64_t hiddenKeys = 0;  // keys at which there are hidden channels; beyond them the second convolution reads 0
};

// The convolutions, and with taps reversed and channels exchanged their gradients.
struct Weights {
  Weights(const Sizes& s, const float* kernel1, const float* kernel2)
      : scoresToHidden(first(s, kernel1, 0)),
        biasToHidden(first(s, kernel1, s.channels - s.heads)),
        hiddenToScores(firstReversed(s, kernel1, 0)),
        hiddenToBias(firstReversed(s, kernel1, s.channels - s.heads)),
        hiddenToOutput(s.taps, s.width, s.heads,
                       [&](int64_t tap, int64_t o, int64_t head) { return kernel2[(tap * s.width + o) * s.heads + head]; }),
        outputToHidden(s.taps, s.heads, s.width, [&](int64_t tap, int64_t head, int64_t o) {
          return kernel2[((s.taps - 1 - tap) * s.width + o) * s.heads + head];
        }) {}
  const PackedTaps scoresToHidden, biasToHidden, hiddenToScores, hiddenToBias, hiddenToOutput, outputToHidden;

 private:
  static PackedTaps first(const Sizes& s, const float* kernel1, int64_t offset) {
    return {s.taps, s.heads, s.width, [&, offset](int64_t tap, int64_t head, int64_t o) {
              return kernel1[(tap * s.channels + offset + head) * s.width + o];
            }};
  }
  static PackedTaps firstReversed(const Sizes& s, const float* kernel1, int64_t offset) {
    return {s.taps, s.width, s.heads, [&, offset](int64_t tap, int64_t o, int64_t head) {
              return kernel1[((s.taps - 1 - tap) * s.channels + offset + head) * s.width + o];
            }};
  }
};

// chunk(begin, end) for ranges of rows. The last rows see most keys: they come first, so that no thread is left with one alone.
template <class Chunk>
void eachChunk(const Sizes& s, Chunk&& chunk) {
  const int64_t rows = s.chunkRows(), chunks = (s.queries + rows - 1) / rows;
  tfjs_methods::parallelFor(chunks, 1, [&](int64_t first, int64_t end) {
    for (int64_t index = first; index < end; ++index) {
      const int64_t begin = (chunks - 1 - index) * rows;
      chunk(begin, std::min(begin + rows, s.queries));
    }
  });
}

// Splits [0, count) into equal ranges of at most kTile: tile(begin, end).
template <class Tile>
void eachTile(int64_t count, Tile&& tile) {
  const int64_t tiles = (count + kTile - 1) / kTile;
  for (int64_t t = 0; t < tiles; ++t) tile(count * t / tiles, count * (t + 1) / tiles);
}

// to[head][q] = map[head, query, first + q] of a map [H, Tq, Tk], and 0 at keys that the query does not see.
void window(const Sizes& s, const float* map, int64_t query, int64_t first, int64_t count, KeyMap& to) {
  const int64_t begin = std::clamp<int64_t>(-first, 0, count);
  const int64_t end = std::clamp<int64_t>(s.visible(query) - first, begin, count);
  for (int64_t head = 0; head < s.heads; ++head) {
    const float* row = map + s.row(head, query);
    float* target = to.row(head);
    std::fill(target, target + begin, 0.0f);
    std::copy(row + first + begin, row + first + end, target + begin);
    std::fill(target + end, target + count, 0.0f);
  }
}

// map[head, query, first + q] += from[head][q] at keys that the query sees.
void addWindow(const Sizes& s, const KeyMap& from, int64_t query, int64_t first, int64_t count, float* map) {
  const int64_t begin = std::max<int64_t>(-first, 0), end = std::min(s.visible(query) - first, count);
  for (int64_t head = 0; head < s.heads; ++head) {
    const float* source = from.row(head);
    float* row = map + s.row(head, query) + first;
    for (int64_t q = begin; q < end; ++q) row[q] += source[q];
  }
}

Vector leaky(Vector x) { return x > 0.0f ? x : kSlope * x; }

// The hidden channels at a tile of keys: what all sequences have in common, then a sequence's own.
struct Hidden {
  Hidden(const Sizes& s, const Weights& weights, const float* bias1)
      : s(s), weights(weights), common(s.width, s.tileColumns()), map(s.width, s.tileColumns()) {
    for (int64_t o = 0; o < s.width; ++o) std::fill_n(common.row(o), common.stride(), bias1[o]);
  }

  // b₁ + W₁ ∗ P at columns [0, columns); `bias` has P from half a kernel before.
  void prepare(const KeyMap& bias, const float* bias1, int64_t columns) {
    const auto initial = [&](int64_t o, int64_t) { return o < s.width ? bias1[o] + Vector{} : Vector{}; };
    correlate(weights.biasToHidden, bias, columns, initial,
              [&](int64_t o, int64_t j, Vector sum) { store(common.row(o) + j, sum); });
  }

  // LeakyReLU(b₁ + W₁ ∗ [S; P]) at columns [begin, end), 0 at the others of [0, columns); `scores` has S as above.
  void compute(const KeyMap& scores, int64_t begin, int64_t end, int64_t columns) {
    correlate(weights.scoresToHidden, scores, columns,
              [&](int64_t o, int64_t j) { return load(common.row(o) + j); },
              [&](int64_t o, int64_t j, Vector sum) { store(map.row(o) + j, leaky(sum)); });
    for (int64_t o = 0; o < s.width; ++o) {
      std::fill(map.row(o), map.row(o) + begin, 0.0f);
      std::fill(map.row(o) + end, map.row(o) + roundUp(columns, kLanes), 0.0f);
    }
  }

  const Sizes& s;
  const Weights& weights;
  KeyMap common, map;
};

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
            const float* own = in.row(head) + 2 * s.half;
            const float* shared = biasIn.row(head) + 2 * s.half;
            std::copy(f, f + keys, row);
            if (settings.addScores) for (int64_t j = 0; j < keys; ++j) row[j] += own[j];
            if (settings.addBias) for (int64_t j = 0; j < keys; ++j) row[j] += shared[j];
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
          for (int64_t o = 0; o < s.width; ++o) std::fill(all.row(o), all.row(o) + all.stride(), 0.0f);
        }
        for (int64_t b = 0; b < s.batch; ++b) {
          window(s, scores + b * s.mapSize(), query, firstKey, read, in);
          window(s, g.dy + b * s.mapSize(), query, firstKey, read, dy);
          hidden.compute(in, 0, columns, columns);
          correlate(weights.outputToHidden, dy, columns, zero, [&](int64_t o, int64_t j, Vector sum) {
            const Vector h = load(hidden.map.row(o) + j);
            store(own.row(o) + margin + j, h > 0.0f ? sum : kSlope * sum);
          });
          for (int64_t o = 0; o < s.width; ++o) {
            std::fill_n(own.row(o) + tail, rest, 0.0f);
            float* total = all.row(o) + margin;
            const float* each = own.row(o) + margin;
            if (s.withBias()) for (int64_t j = 0; j < columns; ++j) total[j] += each[j];
            float sum = 0;
            for (int64_t j = 0; j < columns; ++j) sum += each[j];
            sums.bias1[o] += sum;
          }
          sums.kernel2.add(dy, hidden.map, 0, columns);
          sums.kernel1OfScores.add(in, own, margin, columns);
          correlate(weights.hiddenToScores, own, keys, zero, keep);
          addWindow(s, back, query, firstKey, keys, g.scores + b * s.mapSize());
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

void forwardShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  tfjs_methods::shapeOfInput(context, 0, 0, status);
}

void backwardShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  for (int i = 0; i < 5; ++i) tfjs_methods::shapeOfInput(context, i, i, status);
  tfjs_methods::unknownVector(context, 5, status);
}

const std::vector<const char*> kAttributes = {"causal: bool", "prefix_consistent: bool", "add_scores: bool", "add_bias: bool",
                                              "first_query: int"};

const tfjs_methods::Registration scoreConvolution({
    "TfjsMethodsScoreConvolution",
    kAttributes,
    {"scores: float", "bias: float", "kernel1: float", "bias1: float", "kernel2: float", "bias2: float"},
    {"processed: float"},
    {},
    tfjs_methods::createSettings<Settings>,
    forward,
    tfjs_methods::destroySettings<Settings>,
    forwardShape,
});

const tfjs_methods::Registration scoreConvolutionGrad({
    "TfjsMethodsScoreConvolutionGrad",
    kAttributes,
    {"scores: float", "bias: float", "kernel1: float", "bias1: float", "kernel2: float", "dy: float"},
    {"dscores: float", "dbias: float", "dkernel1: float", "dbias1: float", "dkernel2: float", "dbias2: float"},
    {},
    tfjs_methods::createSettings<Settings>,
    backward,
    tfjs_methods::destroySettings<Settings>,
    backwardShape,
});

}  // namespace
