// In front of protobuf's own header where the thread sanitizer is on. With it that header gives the
// fields of maps two more members, which the library of the system does not know: messages would
// have other layouts on its side and on ours.
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/stubs/mutex.h>

#include <functional>

#pragma push_macro("__SANITIZE_THREAD__")
#undef __SANITIZE_THREAD__
#include_next <google/protobuf/map_field.h>
#pragma pop_macro("__SANITIZE_THREAD__")
