// Correlations along keys between a few dozen channels, small enough to stay in cache: what a 1×k convolution and its gradients
// consist of. A map holds channels [C] of keys, contiguous; registers hold a block of outputs × keys.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace tfjs_methods {

// Floats in a vector register, and how many registers of sums a block may have beside its operands.
#if defined(__AVX512F__)
constexpr int64_t kLanes = 16, kColumnVectors = 4, kRowBlock = 6;
#elif defined(__AVX__)
constexpr int64_t kLanes = 8, kColumnVectors = 2, kRowBlock = 3;
#elif defined(__aarch64__)
constexpr int64_t kLanes = 4, kColumnVectors = 4, kRowBlock = 6;
#else
constexpr int64_t kLanes = 4, kColumnVectors = 2, kRowBlock = 3;
#endif
constexpr int64_t kOutputBlock = 4;

using Vector = float __attribute__((vector_size(4 * kLanes)));
using UnalignedVector = float __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));

inline Vector load(const float* from) { return *reinterpret_cast<const UnalignedVector*>(from); }
// For a vector that is used several times: GCC would read it from memory each time, which is dear across cache lines.
inline Vector loadOnce(const float* from) {
  Vector value = load(from);
#if defined(__AVX512F__)
  asm("" : "+v"(value));
#elif defined(__AVX__)
  asm("" : "+x"(value));
#endif
  return value;
}
inline void store(float* to, Vector value) { *reinterpret_cast<UnalignedVector*>(to) = value; }

inline float sumOf(Vector value) {
  float sum = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) sum += value[lane];
  return sum;
}

inline int64_t roundUp(int64_t count, int64_t multiple) { return (count + multiple - 1) / multiple * multiple; }

// Channels [C] of `columns` keys, zeros at first. Rows and columns go on for as far as blocks may reach beyond them.
class KeyMap {
 public:
  KeyMap(int64_t channels, int64_t columns)
      : stride_(roundUp(columns, kLanes) + kLanes), values_(roundUp(channels, kOutputBlock) * stride_, 0.0f) {}
  float* row(int64_t channel) { return values_.data() + channel * stride_; }
  const float* row(int64_t channel) const { return values_.data() + channel * stride_; }
  int64_t stride() const { return stride_; }

 private:
  int64_t stride_;
  std::vector<float> values_;
};

// W [taps, inputs, outputs] in the order in which `correlate` reads it: a block of outputs for each tap and input.
class PackedTaps {
 public:
  // `value(tap, input, output)`
  template <class Value>
  PackedTaps(int64_t taps, int64_t inputs, int64_t outputs, Value&& value)
      : taps(taps), inputs(inputs), blocks((outputs + kOutputBlock - 1) / kOutputBlock) {
    for (int64_t output = 0; output < blocks * kOutputBlock; output += kOutputBlock) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        for (int64_t input = 0; input < inputs; ++input) {
          for (int64_t o = output; o < output + kOutputBlock; ++o) {
            values_.push_back(o < outputs ? value(tap, input, o) : 0.0f);
          }
        }
      }
    }
  }
  const float* block(int64_t index) const { return values_.data() + index * taps * inputs * kOutputBlock; }
  const int64_t taps, inputs, blocks;

 private:
  std::vector<float> values_;
};

template <int64_t kVectors, class Initial, class Result>
inline __attribute__((always_inline)) void correlateBlock(const PackedTaps& weights, int64_t block, const KeyMap& in,
                                                          int64_t column, Initial& initial, Result& result) {
  Vector sums[kOutputBlock][kVectors];
  for (int64_t o = 0; o < kOutputBlock; ++o) {
    for (int64_t v = 0; v < kVectors; ++v) sums[o][v] = initial(block * kOutputBlock + o, column + v * kLanes);
  }
  const float* w = weights.block(block);
  for (int64_t tap = 0; tap < weights.taps; ++tap) {
    const float* x = in.row(0) + column + tap;
    for (int64_t input = 0; input < weights.inputs; ++input, x += in.stride(), w += kOutputBlock) {
      for (int64_t v = 0; v < kVectors; ++v) {
        const Vector values = loadOnce(x + v * kLanes);
        for (int64_t o = 0; o < kOutputBlock; ++o) sums[o][v] += w[o] * values;
      }
    }
  }
  for (int64_t o = 0; o < kOutputBlock; ++o) {
    for (int64_t v = 0; v < kVectors; ++v) result(block * kOutputBlock + o, column + v * kLanes, sums[o][v]);
  }
}

// result(o, j, initial(o, j) + Σ_tap Σ_c W[tap, c, o]·in[c, j + tap]) for each output and vector of keys j in [0, columns).
template <class Initial, class Result>
void correlate(const PackedTaps& weights, const KeyMap& in, int64_t columns, Initial&& initial, Result&& result) {
  int64_t column = 0;
  const auto blocks = [&](auto vectors) {
    for (int64_t block = 0; block < weights.blocks; ++block) {
      correlateBlock<vectors>(weights, block, in, column, initial, result);
    }
    column += vectors * kLanes;
  };
  while (columns - column > (kColumnVectors - 1) * kLanes) blocks(std::integral_constant<int64_t, kColumnVectors>());
  while (columns - column > kLanes) blocks(std::integral_constant<int64_t, 2>());
  if (columns > column) blocks(std::integral_constant<int64_t, 1>());
}

// Sums Σ_j in[c, j + tap]·out[o, j] over many calls, kept lane by lane: the gradient of W [taps, inputs, outputs].
class TapGradient {
 public:
  TapGradient(int64_t taps, int64_t inputs, int64_t outputs)
      : taps_(taps),
        inputs_(inputs),
        outputBlocks_((outputs + kOutputBlock - 1) / kOutputBlock),
        rowBlocks_((taps * inputs + kRowBlock - 1) / kRowBlock),
        sums_(rowBlocks_ * outputBlocks_ * kRowBlock * kOutputBlock * kLanes, 0.0f) {}

  // Keys j in [0, columns); `out` must be 0 from its end to the next multiple of kLanes. `first` is the column of `out` at j = 0.
  void add(const KeyMap& in, const KeyMap& out, int64_t first, int64_t columns) {
    float* sums = sums_.data();
    for (int64_t rowBlock = 0; rowBlock < rowBlocks_; ++rowBlock) {
      const float* rows[kRowBlock];
      for (int64_t r = 0; r < kRowBlock; ++r) {
        // Rows beyond the last repeat it; nobody reads their sums.
        const int64_t row = std::min(rowBlock * kRowBlock + r, taps_ * inputs_ - 1);
        rows[r] = in.row(row % inputs_) + row / inputs_;
      }
      for (int64_t block = 0; block < outputBlocks_; ++block, sums += kRowBlock * kOutputBlock * kLanes) {
        addBlock(rows, out.row(block * kOutputBlock) + first, out.stride(), columns, sums);
      }
    }
  }

  float at(int64_t tap, int64_t input, int64_t output) const {
    const int64_t row = tap * inputs_ + input;
    const int64_t block = row / kRowBlock * outputBlocks_ + output / kOutputBlock;
    const int64_t place = (block * kRowBlock + row % kRowBlock) * kOutputBlock + output % kOutputBlock;
    return sumOf(load(sums_.data() + place * kLanes));
  }

 private:
  static void addBlock(const float* const* rows, const float* out, int64_t stride, int64_t columns, float* sums) {
    Vector block[kRowBlock][kOutputBlock];
    for (int64_t r = 0; r < kRowBlock; ++r) {
      for (int64_t o = 0; o < kOutputBlock; ++o) block[r][o] = load(sums + (r * kOutputBlock + o) * kLanes);
    }
    for (int64_t column = 0; column < columns; column += kLanes) {
      Vector outs[kOutputBlock];
      for (int64_t o = 0; o < kOutputBlock; ++o) outs[o] = loadOnce(out + o * stride + column);
      for (int64_t r = 0; r < kRowBlock; ++r) {
        const Vector in = loadOnce(rows[r] + column);
        for (int64_t o = 0; o < kOutputBlock; ++o) block[r][o] += in * outs[o];
      }
    }
    for (int64_t r = 0; r < kRowBlock; ++r) {
      for (int64_t o = 0; o < kOutputBlock; ++o) store(sums + (r * kOutputBlock + o) * kLanes, block[r][o]);
    }
  }

  const int64_t taps_, inputs_, outputBlocks_, rowBlocks_;
  std::vector<float> sums_;
};

}  // namespace tfjs_methods
