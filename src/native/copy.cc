// A copy of a tensor in memory of its own, for a variable that kernels will write in place at every step. Large ones ask for
// large pages: such a variable is streamed through at every step, and 4 KiB pages cost a tenth of the time.
#include <sys/mman.h>

#include <cstring>

#include "kernel.h"
#include "parallel.h"

namespace {

void askForLargePages(void* begin, size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr uintptr_t kPage = 2 * 1024 * 1024;
  const uintptr_t first = (reinterpret_cast<uintptr_t>(begin) + kPage - 1) / kPage * kPage;
  const uintptr_t last = (reinterpret_cast<uintptr_t>(begin) + bytes) / kPage * kPage;
  // Advice only: where the system has no large pages, small ones do.
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

// x -> y
void compute(void*, TF_OpKernelContext* kernelContext) {
  tfjs_methods::Context context(kernelContext);
  const int64_t size = context.count(0);
  const float* x = context.input(0);
  float* y = context.output(0, context.shape(0));
  if (context.failed()) return;
  askForLargePages(y, size * sizeof(float));
  tfjs_methods::parallelFor(size, 256 * 1024, [=](int64_t begin, int64_t end) {
    std::memcpy(y + begin, x + begin, (end - begin) * sizeof(float));
  });
}

void sameShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  tfjs_methods::shapeOfInput(context, 0, 0, status);
}

const tfjs_methods::Registration copy(
    {"TfjsMethodsCopy", {}, {"x: float"}, {"y: float"}, {}, nullptr, compute, nullptr, sameShape});

}  // namespace
