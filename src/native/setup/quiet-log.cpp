// Compiled into tfjs-node's addon: TensorFlow greets on stderr as soon as it is used (which instructions it was built for,
// that oneDNN is on), and TF_CPP_MIN_LOG_LEVEL does not reach messages so early. Warnings and errors still come through.
// The name of the function holds Abseil's version; where TensorFlow has another one, its greeting stays.
#include <dlfcn.h>

__attribute__((constructor)) static void quietLog() {
  using SetMinLogLevel = void (*)(int);
  constexpr int kWarning = 1;
  void* function = dlsym(RTLD_DEFAULT, "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE");
  if (function != nullptr) reinterpret_cast<SetMinLogLevel>(function)(kWarning);
}
