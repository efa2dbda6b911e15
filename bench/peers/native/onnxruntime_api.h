// The part of ONNX Runtime's C interface that is needed here. Its functions are an append-only
// table of pointers, so each is known by its place and its type.
#pragma once

#include "dynamic_library.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace peers::ort {

struct Environment;
struct Options;
struct Session;
struct Binding;
struct Value;
struct MemoryInfo;
struct Allocator;
struct TypeInfo;
struct Status;

/// ONNX's numbers of the element types that inputs have.
enum class Type : int { kFloat32 = 1, kInt32 = 6, kInt64 = 7, kFloat64 = 11 };

/// What the library's only exported function returns.
struct Base {
  const void* const* (*table)(std::uint32_t version);
  const char* (*version)();
};

/// The table's entry `place`, as a function.
template <std::size_t place, class... Arguments>
class Entry {
 public:
  explicit Entry(const void* const* table)
      : call_(reinterpret_cast<Status* (*)(Arguments...)>(const_cast<void*>(table[place]))),
        message_(reinterpret_cast<const char* (*)(const Status*)>(const_cast<void*>(table[2]))) {}

  /// Calls it; throws the library's message if it fails.
  void operator()(Arguments... arguments) const {
    if (const Status* status = call_(arguments...)) throw std::runtime_error(message_(status));
  }

 private:
  Status* (*call_)(Arguments...);
  const char* (*message_)(const Status*);
};

/// The functions that are used. Nothing is released: the process ends with its session.
struct Api {
  explicit Api(const void* const* table)
      : create_environment(table),
        create_session(table),
        create_options(table),
        set_optimization(table),
        set_threads(table),
        create_tensor(table),
        tensor_data(table),
        tensor_type(table),
        element_type(table),
        element_count(table),
        create_memory_info(table),
        default_allocator(table),
        run_bound(table),
        create_binding(table),
        bind_input(table),
        bind_output(table),
        bind_output_to(table),
        bound_values(table) {}

  Entry<3, int, const char*, Environment**> create_environment;
  Entry<7, const Environment*, const char*, const Options*, Session**> create_session;
  Entry<10, Options**> create_options;
  Entry<23, Options*, int> set_optimization;
  Entry<24, Options*, int> set_threads;
  Entry<49, const MemoryInfo*, void*, std::size_t, const std::int64_t*, std::size_t, Type, Value**>
      create_tensor;
  Entry<51, Value*, void**> tensor_data;
  Entry<65, const Value*, TypeInfo**> tensor_type;
  Entry<60, const TypeInfo*, Type*> element_type;
  Entry<64, const TypeInfo*, std::size_t*> element_count;
  Entry<69, int, int, MemoryInfo**> create_memory_info;
  Entry<78, Allocator**> default_allocator;
  Entry<133, Session*, const void*, const Binding*> run_bound;
  Entry<134, Session*, Binding**> create_binding;
  Entry<136, Binding*, const char*, const Value*> bind_input;
  Entry<137, Binding*, const char*, const Value*> bind_output;
  Entry<138, Binding*, const char*, const MemoryInfo*> bind_output_to;
  Entry<140, const Binding*, Allocator*, Value***, std::size_t*> bound_values;
};

}  // namespace peers::ort
