// What every kernel of ours needs from TensorFlow's C API: registration, inputs, outputs, attributes, errors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace tfjs_methods {

struct Operation {
  const char* name;
  std::vector<const char*> attributes;  // TensorFlow's notation, "epsilon: float"
  std::vector<const char*> inputs;      // "gradient: float"
  std::vector<const char*> outputs;
  std::vector<int> writes;              // inputs that the kernel changes in place; those of an operation on lists are lists
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
  void (*shape)(TF_ShapeInferenceContext*, TF_Status*);
};

// The table of what is registered; the addon hands it to JavaScript.
inline std::vector<Operation>& operations() {
  static std::vector<Operation> table;
  return table;
}

// Registers the operation and its CPU kernel when the addon is loaded: `static Registration came({...});`
struct Registration {
  explicit Registration(const Operation& operation) {
    TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
    for (const char* attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
    for (const char* input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
    for (const char* output : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
    // Stateful: TensorFlow must neither drop, merge nor precompute a kernel that writes its inputs.
    TF_OpDefinitionBuilderSetIsStateful(definition, !operation.writes.empty());
    TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, operation.shape);
    TF_Status* status = TF_NewStatus();
    TF_RegisterOpDefinition(definition, status);
    if (TF_GetCode(status) == TF_OK) {
      TF_RegisterKernelBuilder(
          operation.name,
          TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.compute, operation.destroy), status);
    }
    if (TF_GetCode(status) == TF_OK) operations().push_back(operation);
    TF_DeleteStatus(status);
  }
};

// The attributes of one node, read once when TensorFlow makes the kernel.
class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* construction) : construction_(construction), status_(TF_NewStatus()) {}
  ~Attributes() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelConstruction_Failure(construction_, status_);
    TF_DeleteStatus(status_);
  }
  float number(const char* name) {
    float value = 0;
    TF_OpKernelConstruction_GetAttrFloat(construction_, name, &value, status_);
    return value;
  }
  int64_t integer(const char* name) {
    int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(construction_, name, &value, status_);
    return value;
  }
  std::vector<int64_t> integers(const char* name) {
    int32_t length = 0, bytes = 0;
    TF_OpKernelConstruction_GetAttrSize(construction_, name, &length, &bytes, status_);
    std::vector<int64_t> values(length > 0 ? length : 0);
    TF_OpKernelConstruction_GetAttrInt64List(construction_, name, values.data(), length, status_);
    return values;
  }
  bool boolean(const char* name) {
    TF_Bool value = 0;
    TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, status_);
    return value != 0;
  }

 private:
  TF_OpKernelConstruction* construction_;
  TF_Status* status_;
};

// One run of a kernel. Tensors it hands out live as long as it does.
class Context {
 public:
  explicit Context(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Context() {
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }

  TF_Tensor* tensor(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    if (TF_GetCode(status_) != TF_OK) {
      TF_OpKernelContext_Failure(context_, status_);
      failed_ = true;
      return nullptr;
    }
    tensors_.push_back(tensor);
    return tensor;
  }

  template <class T = float>
  T* input(int index, int64_t expected = -1) {
    TF_Tensor* input = tensor(index);
    if (input == nullptr) return nullptr;
    if (expected >= 0 && TF_TensorElementCount(input) != expected) {
      fail("input " + std::to_string(index) + " has " + std::to_string(TF_TensorElementCount(input)) +
           " elements, expected " + std::to_string(expected));
      return nullptr;
    }
    return static_cast<T*>(TF_TensorData(input));
  }

  // The inputs of a list argument of `count` tensors, the argument being number `argument` of lists of that length.
  std::vector<float*> list(int argument, const std::vector<int64_t>& sizes) {
    const int count = static_cast<int>(sizes.size());
    std::vector<float*> values(count);
    for (int i = 0; i < count && !failed_; ++i) values[i] = input(argument * count + i, sizes[i]);
    return values;
  }

  int64_t count(int index) {
    TF_Tensor* input = tensor(index);
    return input == nullptr ? 0 : TF_TensorElementCount(input);
  }

  std::vector<int64_t> shape(int index) {
    TF_Tensor* input = tensor(index);
    std::vector<int64_t> dimensions;
    for (int i = 0; input != nullptr && i < TF_NumDims(input); ++i) dimensions.push_back(TF_Dim(input, i));
    return dimensions;
  }

  template <class T = float>
  T* output(int index, const std::vector<int64_t>& dimensions, TF_DataType type = TF_FLOAT) {
    int64_t bytes = sizeof(T);
    for (int64_t dimension : dimensions) bytes *= dimension;
    TF_Tensor* output = TF_AllocateOutput(context_, index, type, dimensions.data(),
                                          static_cast<int>(dimensions.size()), bytes, status_);
    if (TF_GetCode(status_) != TF_OK) {
      TF_OpKernelContext_Failure(context_, status_);
      failed_ = true;
      return nullptr;
    }
    tensors_.push_back(output);
    return static_cast<T*>(TF_TensorData(output));
  }

  // The scalar that in-place kernels return, so that a graph can wait for them.
  void done() {
    if (float* token = output(0, {})) *token = 0;
  }

  void fail(const std::string& message) {
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, message.c_str());
    TF_OpKernelContext_Failure(context_, status_);
    failed_ = true;
  }

  bool failed() const { return failed_; }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
  bool failed_ = false;
};

// Shape functions.
inline void scalarShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeHandle* scalar = TF_ShapeInferenceContextScalar(context);
  TF_ShapeInferenceContextSetOutput(context, 0, scalar, status);
  TF_DeleteShapeHandle(scalar);
}

inline void shapeOfInput(TF_ShapeInferenceContext* context, int input, int output, TF_Status* status) {
  TF_ShapeHandle* shape = TF_NewShapeHandle();
  TF_ShapeInferenceContextGetInput(context, input, shape, status);
  if (TF_GetCode(status) == TF_OK) TF_ShapeInferenceContextSetOutput(context, output, shape, status);
  TF_DeleteShapeHandle(shape);
}

inline void unknownVector(TF_ShapeInferenceContext* context, int output, TF_Status* status) {
  TF_ShapeHandle* shape = TF_ShapeInferenceContextVectorFromSize(context, static_cast<size_t>(-1));
  TF_ShapeInferenceContextSetOutput(context, output, shape, status);
  TF_DeleteShapeHandle(shape);
}

// create/destroy for a kernel whose attributes are the record `Settings{Attributes&}`.
template <class Settings>
void* createSettings(TF_OpKernelConstruction* construction) {
  Attributes attributes(construction);
  return new Settings(attributes);
}

template <class Settings>
void destroySettings(void* settings) {
  delete static_cast<Settings*>(settings);
}

}  // namespace tfjs_methods
