// exp and erf in float, written so that the compiler turns a loop over them into vector instructions. NaN stays NaN.
#pragma once

#include <cmath>
#include <cstdint>

namespace tfjs_methods {

// eˣ: x = n ln 2 + r, eʳ by the minimax polynomial of Cephes (expf.c), times 2ⁿ. Relative error below 2e-7 on
// [-87, 88]; beyond it the nearest value of the range.
inline float vectorExp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  const float n = std::nearbyint(x * 1.44269504088896341f);
  const float r = x - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  return p * __builtin_bit_cast(float, bits);
}

// erf x: the rational approximation that Eigen and XLA use in float, absolute error below 2e-7; ±1 beyond |x| = 4.
inline float vectorErf(float x) {
  x = x < -4.0f ? -4.0f : x;
  x = x > 4.0f ? 4.0f : x;
  const float s = x * x;
  float p = -2.72614225801306e-10f;
  p = p * s + 2.77068142495902e-08f;
  p = p * s - 2.10102402082508e-06f;
  p = p * s - 5.69250639462346e-05f;
  p = p * s - 7.34990630326855e-04f;
  p = p * s - 2.95459980854025e-03f;
  p = p * s - 1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * s - 2.13374055278905e-04f;
  q = q * s - 1.68282697438203e-03f;
  q = q * s - 7.37332916720468e-03f;
  q = q * s - 1.42647390514189e-02f;
  return x * p / q;
}

// The largest of count > 0 values. Sixteen running maxima, since a single one is a chain that no compiler may cut.
inline float vectorMax(const float* x, int64_t count) {
  constexpr int64_t kLanes = 16;
  float most[kLanes];
  for (int64_t lane = 0; lane < kLanes; ++lane) most[lane] = x[0];
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) most[lane] = x[i + lane] > most[lane] ? x[i + lane] : most[lane];
  }
  for (; i < count; ++i) most[0] = x[i] > most[0] ? x[i] : most[0];
  for (int64_t lane = 1; lane < kLanes; ++lane) most[0] = most[lane] > most[0] ? most[lane] : most[0];
  return most[0];
}

}  // namespace tfjs_methods
