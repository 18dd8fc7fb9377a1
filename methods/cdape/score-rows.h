// What the forward and the backward pass of CDAPE on attention scores share. Symbols and shapes as in cdape.ts.
//
// A row of scores is done for all sequences one after another, because they share its biases, and in tiles of keys, so that the
// w hidden channels of a tile stay in cache; the backward pass computes them again. Under the tril only keys that the query sees
// are computed; results at later keys are 0. Sums over rows are taken by chunks that depend on the shapes alone, in their order.
#pragma once

#include <algorithm>

#include "../../src/native/kernel.h"
#include "../../src/native/parallel.h"
#include "key-correlation.h"

namespace tfjs_methods::cdape {

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
  const int64_t firstQuery;       // position of the first query
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
  parallelFor(chunks, 1, [&](int64_t first, int64_t end) {
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
inline void window(const Sizes& s, const float* map, int64_t query, int64_t first, int64_t count, KeyMap& to) {
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
inline void addWindow(const Sizes& s, const KeyMap& from, int64_t query, int64_t first, int64_t count, float* map) {
  const int64_t begin = std::max<int64_t>(-first, 0), end = std::min(s.visible(query) - first, count);
  for (int64_t head = 0; head < s.heads; ++head) {
    const float* source = from.row(head);
    float* row = map + s.row(head, query) + first;
    for (int64_t q = begin; q < end; ++q) row[q] += source[q];
  }
}

inline Vector leaky(Vector x) { return x > 0.0f ? x : kSlope * x; }

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

const std::vector<const char*> kAttributes = {"causal: bool", "prefix_consistent: bool", "add_scores: bool", "add_bias: bool",
                                              "first_query: int"};

}  // namespace tfjs_methods::cdape
