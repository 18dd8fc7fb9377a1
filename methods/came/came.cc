// The whole CAME update of all variables that are factored, in place: methods/came/came.ts in four passes over memory.
//
// A variable is seen as `batch` matrices of [rows, columns]; leading dimensions are the batch. Passes, each of which
// needs the complete sums of the one before (Luo et al., ACL 2023, Algorithm 2; symbols as in came.ts):
//   A  r, c      row and column means of g∘g + ε₁
//   B  Σu²       u = g/√V, for the clip over the whole variable
//   C  M, R, C   û = u/max(1, RMS(u)/d); M; row and column means of (û − M)∘(û − M) + ε₂
//   D  W         W(1 − ηλ) − ηM/√S
// Sums are kept in float within a block of rows and in double between blocks. Blocks do not depend on threads.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "../../src/native/kernel.h"
#include "../../src/native/parallel.h"
#include "../../src/optimizers/update-each.h"

namespace {

using tfjs_methods::Attributes;
using tfjs_methods::Context;

struct Settings {
  // Averages move by 1 − β towards the new value: β itself is not needed, and 1 − β, computed in double by JavaScript, is
  // exact to float, where 1 − 0.9999f is off by 1.7e-4.
  explicit Settings(Attributes& attributes)
      : batches(attributes.integers("batches")),
        rows(attributes.integers("rows")),
        columns(attributes.integers("columns")),
        groups(attributes.integers("groups")),
        oneMinusBeta1(attributes.number("one_minus_beta1")),
        oneMinusBeta2(attributes.number("one_minus_beta2")),
        oneMinusBeta3(attributes.number("one_minus_beta3")),
        epsilon1(attributes.number("epsilon1")),
        epsilon2(attributes.number("epsilon2")),
        clipThreshold(attributes.number("clip_threshold")),
        skipNonFinite(attributes.boolean("skip_non_finite")) {}
  const std::vector<int64_t> batches, rows, columns, groups;
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
void eachBlock(tfjs_methods::Team& team, const Blocks& blocks, bool reverse, Body&& body) {
  team.parallelFor(blocks.count, 1, [&](int64_t block, int64_t) {
    body(reverse ? blocks.count - 1 - block : block);
  });
}

// Sums over the rows of one matrix from those of its blocks, [blocks, columns].
void sumOfColumns(const Blocks& blocks, int64_t matrix, int64_t columns, const std::vector<float>& blockSums,
                  std::vector<double>& sums) {
  std::fill(sums.begin(), sums.end(), 0.0);
  for (int64_t block = matrix * blocks.perMatrix; block < (matrix + 1) * blocks.perMatrix; ++block) {
    for (int64_t j = 0; j < columns; ++j) sums[j] += blockSums[block * columns + j];
  }
}

// x ← x + (1 − β)(sum/terms + ε − x)
template <class Sum>
void average(float* state, const Sum* sum, int64_t count, int64_t terms, double oneMinusBeta, double epsilon) {
  const double share = 1.0 / static_cast<double>(terms);
  for (int64_t i = 0; i < count; ++i) {
    state[i] = static_cast<float>(state[i] + oneMinusBeta * (sum[i] * share + epsilon - state[i]));
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

// The inner loops take R rows at a time, so that the column sums are loaded and stored once for all of them.
constexpr int kRows = 4;

// Pass A over R rows of g.
template <int R>
void sumSquares(const float* __restrict g, int64_t m, float scale, float* __restrict column, float* sums) {
  float sum[R] = {};
  for (int64_t j = 0; j < m; ++j) {
    float total = 0;
    for (int row = 0; row < R; ++row) {
      const float gradient = scale * g[row * m + j];
      const float squared = gradient * gradient;
      sum[row] += squared;
      total += squared;
    }
    column[j] += total;
  }
  std::copy(sum, sum + R, sums);
}

// Pass C over R rows of g and M; `factors` are the clip of the update times ρ of each row.
template <int R>
void moveMomentum(const float* __restrict g, float* __restrict M, int64_t m, const float* factors,
                  const float* __restrict kappa, float gradientScale, float oneMinusBeta1, float* __restrict column,
                  float* sums) {
  float sum[R] = {}, factor[R];
  std::copy(factors, factors + R, factor);
  for (int64_t j = 0; j < m; ++j) {
    float total = 0;
    for (int row = 0; row < R; ++row) {
      const float clipped = gradientScale * g[row * m + j] * factor[row] * kappa[j];
      const float momentum = M[row * m + j] + oneMinusBeta1 * (clipped - M[row * m + j]);
      const float squared = (clipped - momentum) * (clipped - momentum);
      M[row * m + j] = momentum;
      sum[row] += squared;
      total += squared;
    }
    column[j] += total;
  }
  std::copy(sum, sum + R, sums);
}

// Calls whole(i) for each run of kRows rows in [begin, end), and single(i) for the rows that are left.
template <class Whole, class Single>
void eachRows(int64_t begin, int64_t end, Whole&& whole, Single&& single) {
  int64_t i = begin;
  for (; i + kRows <= end; i += kRows) whole(i);
  for (; i < end; ++i) single(i);
}

// One variable and its state.
struct Update {
  int64_t batch, rows, columns;
  float *W, *M, *r, *c, *R, *C;
  const float* g;
  float scale;  // of the gradient: below 1 where it is clipped
  float eta;    // η
  float decay;  // 1 − ηλ
};

void update(const Update& variable, const Settings& s, tfjs_methods::Team& team) {
  const int64_t batch = variable.batch, n = variable.rows, m = variable.columns, size = batch * n * m;
  float *W = variable.W, *M = variable.M, *r = variable.r, *c = variable.c, *R = variable.R, *C = variable.C;
  const float* g = variable.g;
  const float scale = variable.scale, eta = variable.eta, decay = variable.decay;
  const Blocks blocks(batch, n, m);
  std::vector<double> columnSum(m), partial(blocks.count);
  std::vector<float> rowSums(batch * n), columnSums(blocks.count * m);
  std::vector<float> rowFactor(batch * n), columnFactor(batch * m);

  // A
  eachBlock(team, blocks, false, [&](int64_t block) {
    const int64_t b = blocks.matrix(block);
    float* column = &columnSums[block * m];
    std::fill(column, column + m, 0.0f);
    const auto rows = [&](int64_t i) { return g + (b * n + i) * m; };
    const auto sums = [&](int64_t i) { return &rowSums[b * n + i]; };
    eachRows(blocks.begin(block), blocks.end(block),
             [&](int64_t i) { sumSquares<kRows>(rows(i), m, scale, column, sums(i)); },
             [&](int64_t i) { sumSquares<1>(rows(i), m, scale, column, sums(i)); });
    double total = 0;
    for (int64_t i = blocks.begin(block); i < blocks.end(block); ++i) total += *sums(i);
    partial[block] = total;
  });
  if (s.skipNonFinite) {
    double total = 0;
    for (double sum : partial) total += sum;
    if (!std::isfinite(total)) return;
  }
  average(r, rowSums.data(), batch * n, m, s.oneMinusBeta2, s.epsilon1);
  for (int64_t b = 0; b < batch; ++b) {
    sumOfColumns(blocks, b, m, columnSums, columnSum);
    average(c + b * m, columnSum.data(), m, n, s.oneMinusBeta2, s.epsilon1);
    factors(r + b * n, c + b * m, n, m, &rowFactor[b * n], &columnFactor[b * m]);
  }

  // B
  eachBlock(team, blocks, true, [&](int64_t block) {
    const int64_t b = blocks.matrix(block);
    const float* kappa = &columnFactor[b * m];
    double total = 0;
    for (int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
      const float* gi = g + (b * n + i) * m;
      const float rho = rowFactor[b * n + i];
      float sum = 0;
      for (int64_t j = 0; j < m; ++j) {
        const float u = scale * gi[j] * rho * kappa[j];
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
  eachBlock(team, blocks, false, [&](int64_t block) {
    const int64_t b = blocks.matrix(block);
    const float* kappa = &columnFactor[b * m];
    float* column = &columnSums[block * m];
    std::fill(column, column + m, 0.0f);
    const auto sums = [&](int64_t i) { return &rowSums[b * n + i]; };
    const auto move = [&](auto rows, int64_t i) {
      constexpr int kCount = decltype(rows)::value;
      float factor[kCount];
      for (int row = 0; row < kCount; ++row) factor[row] = rowFactor[b * n + i + row] * clip;
      const int64_t start = (b * n + i) * m;
      moveMomentum<kCount>(g + start, M + start, m, factor, kappa, scale, s.oneMinusBeta1, column, sums(i));
    };
    eachRows(blocks.begin(block), blocks.end(block),
             [&](int64_t i) { move(std::integral_constant<int, kRows>(), i); },
             [&](int64_t i) { move(std::integral_constant<int, 1>(), i); });
  });
  average(R, rowSums.data(), batch * n, m, s.oneMinusBeta3, s.epsilon2);
  for (int64_t b = 0; b < batch; ++b) {
    sumOfColumns(blocks, b, m, columnSums, columnSum);
    average(C + b * m, columnSum.data(), m, n, s.oneMinusBeta3, s.epsilon2);
    factors(R + b * n, C + b * m, n, m, &rowFactor[b * n], &columnFactor[b * m]);
  }

  // D
  eachBlock(team, blocks, true, [&](int64_t block) {
    const int64_t b = blocks.matrix(block);
    const float* kappa = &columnFactor[b * m];
    for (int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
      const float* Mi = M + (b * n + i) * m;
      float* Wi = W + (b * n + i) * m;
      const float rho = eta * rowFactor[b * n + i];
      for (int64_t j = 0; j < m; ++j) Wi[j] = decay * Wi[j] - Mi[j] * rho * kappa[j];
    }
  });
}

void compute(void* data, TF_OpKernelContext* kernelContext) {
  const Settings& s = *static_cast<Settings*>(data);
  const size_t count = s.rows.size();
  std::vector<int64_t> sizes, rows, columns;
  for (size_t k = 0; k < count; ++k) {
    rows.push_back(s.batches[k] * s.rows[k]);
    columns.push_back(s.batches[k] * s.columns[k]);
    sizes.push_back(rows[k] * s.columns[k]);
  }
  Context context(kernelContext);
  const auto W = context.list(0, sizes), M = context.list(1, sizes);
  const auto r = context.list(2, rows), c = context.list(3, columns);
  const auto R = context.list(4, rows), C = context.list(5, columns);
  const auto g = context.list(6, sizes);
  const float* scalars = context.input(static_cast<int>(7 * count));  // [groups, 3]
  const float* gradientScale = context.input(static_cast<int>(7 * count) + 1, 1);
  if (context.failed()) return;

  std::vector<Update> updates;
  for (size_t k = 0; k < count; ++k) {
    const float* row = scalars + 3 * s.groups[k];
    updates.push_back({s.batches[k], s.rows[k], s.columns[k], W[k], M[k], r[k], c[k], R[k], C[k], g[k], *gradientScale,
                       row[0], row[1]});
  }
  tfjs_methods::updateEach(sizes, [&](size_t k, tfjs_methods::Team& team) { update(updates[k], s, team); });
  context.done();
}

const tfjs_methods::Registration came({
    "TfjsMethodsCame",
    {"N: int >= 1", "batches: list(int)", "rows: list(int)", "columns: list(int)", "groups: list(int)",
     "one_minus_beta1: float", "one_minus_beta2: float", "one_minus_beta3: float", "epsilon1: float", "epsilon2: float", "clip_threshold: float", "skip_non_finite: bool"},
    {"variables: N * float", "momentums: N * float", "row_moments: N * float", "column_moments: N * float",
     "row_instabilities: N * float", "column_instabilities: N * float", "gradients: N * float", "scalars: float",
     "gradient_scale: float"},
    {"done: float"},
    {0, 1, 2, 3, 4, 5},
    tfjs_methods::createSettings<Settings>,
    compute,
    tfjs_methods::destroySettings<Settings>,
    tfjs_methods::scalarShape,
});

}  // namespace
