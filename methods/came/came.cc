// The whole CAME update of one variable, in place: methods/came/came.ts in four passes over memory.
//
// The variable is seen as `batch` matrices of [rows, columns]; leading dimensions are the batch. Passes, each of which
// needs the complete sums of the one before (Luo et al., ACL 2023, Algorithm 2; symbols as in came.ts):
//   A  r, c      row and column means of g∘g + ε₁
//   B  Σu²       u = g/√V, for the clip over the whole variable
//   C  M, R, C   û = u/max(1, RMS(u)/d); M; row and column means of (û − M)∘(û − M) + ε₂
//   D  W         W(1 − ηλ) − ηM/√S
// Sums are kept in float within a block of rows and in double between blocks. Blocks do not depend on threads.
#include <algorithm>
#include <cmath>

#include "../../src/native/kernel.h"
#include "../../src/native/parallel.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  // Averages move by 1 − β towards the new value: β itself is not needed, and 1 − β, computed in double by JavaScript, is
  // exact to float, where 1 − 0.9999f is off by 1.7e-4.
  explicit Settings(Attributes& attributes)
      : batch(attributes.integer("batch")),
        rows(attributes.integer("rows")),
        columns(attributes.integer("columns")),
        oneMinusBeta1(attributes.number("one_minus_beta1")),
        oneMinusBeta2(attributes.number("one_minus_beta2")),
        oneMinusBeta3(attributes.number("one_minus_beta3")),
        epsilon1(attributes.number("epsilon1")),
        epsilon2(attributes.number("epsilon2")),
        clipThreshold(attributes.number("clip_threshold")),
        skipNonFinite(attributes.boolean("skip_non_finite")) {}
  const int64_t batch, rows, columns;
  const float oneMinusBeta1, oneMinusBeta2, oneMinusBeta3, epsilon1, epsilon2, clipThreshold;
  const bool skipNonFinite;
};

// Blocks of whole rows, none across two matrices of the batch.
struct Blocks {
  Blocks(int64_t batch, int64_t rows, int64_t columns) : rows(rows) {
    constexpr int64_t kElements = 32 * 1024, kMost = 64;
    height = std::max((kElements + columns - 1) / columns, (rows + kMost - 1) / kMost);
    perMatrix = (rows + height - 1) / height;
    count = batch * perMatrix;
  }
  int64_t matrix(int64_t block) const { return block / perMatrix; }
  int64_t begin(int64_t block) const { return block % perMatrix * height; }
  int64_t end(int64_t block) const { return std::min(rows, begin(block) + height); }
  int64_t rows, height, perMatrix, count;
};

// A pass in reverse order finds the end of the pass before it still in the cache.
template <class Body>
void eachBlock(const Blocks& blocks, bool reverse, Body&& body) {
  tfjs_methods::parallelFor(blocks.count, 1, [&](int64_t block, int64_t) {
    body(reverse ? blocks.count - 1 - block : block);
  });
}

bool finite(double value) { return std::isfinite(value); }

// Block sums of the columns [blocks, columns] to the mean over the rows of one matrix.
void meanOfColumns(const Blocks& blocks, int64_t matrix, int64_t columns, const std::vector<float>& sums,
                   std::vector<double>& mean) {
  std::fill(mean.begin(), mean.end(), 0.0);
  for (int64_t block = matrix * blocks.perMatrix; block < (matrix + 1) * blocks.perMatrix; ++block) {
    for (int64_t j = 0; j < columns; ++j) mean[j] += sums[block * columns + j];
  }
  for (double& value : mean) value /= static_cast<double>(blocks.rows);
}

// x ← x + (1 − β)(mean + ε − x)
void average(float* state, const double* mean, int64_t count, double oneMinusBeta, double epsilon) {
  for (int64_t i = 0; i < count; ++i) {
    state[i] = static_cast<float>(state[i] + oneMinusBeta * (mean[i] + epsilon - state[i]));
  }
}

// Factors with which 1/√(row column / mean(row)) is (rowFactor · x) · columnFactor, finite even where a row is all zero.
void factors(const float* row, const float* column, int64_t rows, int64_t columns, float* rowFactor,
             float* columnFactor) {
  double mean = 0;
  for (int64_t i = 0; i < rows; ++i) mean += row[i];
  const double root = std::sqrt(mean / static_cast<double>(rows));
  for (int64_t i = 0; i < rows; ++i) rowFactor[i] = static_cast<float>(root / std::sqrt(static_cast<double>(row[i])));
  for (int64_t j = 0; j < columns; ++j) {
    columnFactor[j] = static_cast<float>(1 / std::sqrt(static_cast<double>(column[j])));
  }
}

void compute(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& s = *static_cast<Settings*>(data);
  const int64_t n = s.rows, m = s.columns, size = s.batch * n * m;
  Context context(kernelContext);
  float* W = context.input(0, size);
  float* M = context.input(1, size);
  float* r = context.input(2, s.batch * n);
  float* c = context.input(3, s.batch * m);
  float* R = context.input(4, s.batch * n);
  float* C = context.input(5, s.batch * m);
  const float* g = context.input(6, size);
  const float* scalars = context.input(7, 2);
  if (context.failed()) return;
  const float eta = scalars[0];    // η
  const float decay = scalars[1];  // 1 − ηλ

  const Blocks blocks(s.batch, n, m);
  std::vector<double> rowMean(s.batch * n), columnMean(m), partial(blocks.count);
  std::vector<float> columnSums(blocks.count * m), rowFactor(s.batch * n), columnFactor(s.batch * m);

  // A
  eachBlock(blocks, false, [&](int64_t block) {
    const int64_t b = blocks.matrix(block);
    float* column = &columnSums[block * m];
    std::fill(column, column + m, 0.0f);
    double total = 0;
    for (int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
      const float* gi = g + (b * n + i) * m;
      float sum = 0;
      for (int64_t j = 0; j < m; ++j) {
        const float squared = gi[j] * gi[j];
        sum += squared;
        column[j] += squared;
      }
      rowMean[b * n + i] = static_cast<double>(sum) / static_cast<double>(m);
      total += sum;
    }
    partial[block] = total;
  });
  if (s.skipNonFinite) {
    double total = 0;
    for (double sum : partial) total += sum;
    if (!finite(total)) return context.done();
  }
  average(r, rowMean.data(), s.batch * n, s.oneMinusBeta2, s.epsilon1);
  for (int64_t b = 0; b < s.batch; ++b) {
    meanOfColumns(blocks, b, m, columnSums, columnMean);
    average(c + b * m, columnMean.data(), m, s.oneMinusBeta2, s.epsilon1);
    factors(r + b * n, c + b * m, n, m, &rowFactor[b * n], &columnFactor[b * m]);
  }

  // B
  eachBlock(blocks, true, [&](int64_t block) {
    const int64_t b = blocks.matrix(block);
    const float* kappa = &columnFactor[b * m];
    double total = 0;
    for (int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
      const float* gi = g + (b * n + i) * m;
      const float rho = rowFactor[b * n + i];
      float sum = 0;
      for (int64_t j = 0; j < m; ++j) {
        const float u = gi[j] * rho * kappa[j];
        sum += u * u;
      }
      total += sum;
    }
    partial[block] = total;
  });
  double sumOfSquares = 0;
  for (double sum : partial) sumOfSquares += sum;
  const double rms = std::sqrt(sumOfSquares / static_cast<double>(size));
  // Written so that NaN stays NaN.
  const float clip = static_cast<float>(rms <= s.clipThreshold ? 1.0 : s.clipThreshold / rms);

  // C
  eachBlock(blocks, false, [&](int64_t block) {
    const int64_t b = blocks.matrix(block);
    const float* kappa = &columnFactor[b * m];
    float* column = &columnSums[block * m];
    std::fill(column, column + m, 0.0f);
    for (int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
      const float* gi = g + (b * n + i) * m;
      float* Mi = M + (b * n + i) * m;
      const float rho = rowFactor[b * n + i];
      float sum = 0;
      for (int64_t j = 0; j < m; ++j) {
        const float clipped = gi[j] * rho * kappa[j] * clip;
        const float momentum = Mi[j] + s.oneMinusBeta1 * (clipped - Mi[j]);
        const float residual = clipped - momentum;
        Mi[j] = momentum;
        sum += residual * residual;
        column[j] += residual * residual;
      }
      rowMean[b * n + i] = static_cast<double>(sum) / static_cast<double>(m);
    }
  });
  average(R, rowMean.data(), s.batch * n, s.oneMinusBeta3, s.epsilon2);
  for (int64_t b = 0; b < s.batch; ++b) {
    meanOfColumns(blocks, b, m, columnSums, columnMean);
    average(C + b * m, columnMean.data(), m, s.oneMinusBeta3, s.epsilon2);
    factors(R + b * n, C + b * m, n, m, &rowFactor[b * n], &columnFactor[b * m]);
  }

  // D
  eachBlock(blocks, true, [&](int64_t block) {
    const int64_t b = blocks.matrix(block);
    const float* kappa = &columnFactor[b * m];
    for (int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
      const float* Mi = M + (b * n + i) * m;
      float* Wi = W + (b * n + i) * m;
      const float rho = eta * rowFactor[b * n + i];
      for (int64_t j = 0; j < m; ++j) Wi[j] = decay * Wi[j] - Mi[j] * rho * kappa[j];
    }
  });
  context.done();
}

const tfjs_methods::Registration came({
    "TfjsMethodsCame",
    {"batch: int", "rows: int", "columns: int", "one_minus_beta1: float", "one_minus_beta2: float",
     "one_minus_beta3: float", "epsilon1: float", "epsilon2: float", "clip_threshold: float", "skip_non_finite: bool"},
    {"variable: float", "momentum: float", "row_moment: float", "column_moment: float", "row_instability: float",
     "column_instability: float", "gradient: float", "scalars: float"},
    {"done: float"},
    {0, 1, 2, 3, 4, 5},
    tfjs_methods::createSettings<Settings>,
    compute,
    tfjs_methods::destroySettings<Settings>,
    tfjs_methods::scalarShape,
});

}  // namespace
