# Flags of everything that is ours: an interface library that all targets link privately.
add_library(engine_flags INTERFACE)

# The arithmetic contract (src/numerics/contract.h): the compiler fuses nothing by itself.
target_compile_options(engine_flags INTERFACE -ffp-contract=off -Wall -Wextra)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees the undefined operand of masked AVX-512 intrinsics as uninitialised, impossible
  # overlaps in string concatenation, and lambdas in templates as having wrong linkage.
  target_compile_options(engine_flags INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized
                         -Wno-restrict -Wno-subobject-linkage)
endif()
if(ENGINE_WERROR)
  target_compile_options(engine_flags INTERFACE -Werror)
endif()
if(ENGINE_SANITIZE)
  target_compile_options(engine_flags INTERFACE -fsanitize=${ENGINE_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(engine_flags INTERFACE -fsanitize=${ENGINE_SANITIZE})
endif()
if(ENGINE_FUZZ)
  target_compile_options(engine_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
