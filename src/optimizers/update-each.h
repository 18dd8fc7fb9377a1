// How the variables of one optimizer step share the threads.
#pragma once

#include <cstdint>
#include <vector>

#include "../native/parallel.h"

namespace tfjs_methods {

// Calls update(k, team) once for each variable k of these sizes: large ones one after the other, all threads on each; small
// ones several at a time, one thread on each. The numbers are the same either way.
template <class Body>
void updateEach(const std::vector<int64_t>& sizes, Body&& update) {
  constexpr int64_t kSmall = 128 * 1024;
  std::vector<size_t> small;
  Team team;
  for (size_t k = 0; k < sizes.size(); ++k) {
    if (sizes[k] < kSmall) small.push_back(k);
    else update(k, team);
  }
  team.parallelFor(static_cast<int64_t>(small.size()), 1, [&](int64_t item, int64_t) {
    auto one = Team::ofOne();
    update(small[item], one);
  });
}

}  // namespace tfjs_methods
