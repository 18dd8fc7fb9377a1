// The addon's door: loading it registers every kernel (static Registration objects); JavaScript gets the table.
#include <node_api.h>

#include "kernel.h"

namespace {

napi_value string(napi_env env, const char* text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

// {name: string, writes: number[]}
napi_value describe(napi_env env, const tfjs_methods::Operation& operation) {
  napi_value entry, writes;
  napi_create_object(env, &entry);
  napi_set_named_property(env, entry, "name", string(env, operation.name));
  napi_create_array(env, &writes);
  for (size_t i = 0; i < operation.writes.size(); ++i) {
    napi_value index;
    napi_create_int32(env, operation.writes[i], &index);
    napi_set_element(env, writes, static_cast<uint32_t>(i), index);
  }
  napi_set_named_property(env, entry, "writes", writes);
  return entry;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value table;
  napi_create_array(env, &table);
  uint32_t index = 0;
  for (const auto& operation : tfjs_methods::operations()) {
    napi_set_element(env, table, index++, describe(env, operation));
  }
  napi_set_named_property(env, exports, "operations", table);
  return exports;
}
