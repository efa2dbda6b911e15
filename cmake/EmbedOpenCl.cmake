# Writes a C++ file with the texts of files: cmake -DROOT=src -DFILES="a;b" -DOUTPUT=x.cc -P this.
# Raw strings are cut at 8 kB, since compilers need not take longer ones.
set(text "// Written by cmake/EmbedOpenCl.cmake.\n#include \"ops/opencl/runtime/sources.h\"\n\n"
         "namespace engine::opencl {\nconst Source kSources[] = {\n")
string(CONCAT text ${text})
foreach(file ${FILES})
  file(READ ${ROOT}/${file} content)
  string(APPEND text "{\"${file}\", ")
  while(NOT content STREQUAL "")
    string(LENGTH "${content}" length)
    if(length GREATER 8000)
      string(SUBSTRING "${content}" 0 8000 part)
      string(SUBSTRING "${content}" 8000 -1 content)
    else()
      set(part "${content}")
      set(content "")
    endif()
    string(APPEND text "R\"__(${part})__\"\n")
  endwhile()
  string(APPEND text "},\n")
endforeach()
string(APPEND text "};\nconst std::size_t kSourceCount = sizeof(kSources) / sizeof(*kSources);\n"
                   "}  // namespace engine::opencl\n")
file(WRITE ${OUTPUT} "${text}")
