# Writes a C++ file with the texts of files, as an array of a type that has their paths and texts:
#   cmake -DROOT=src -DFILES="a;b" -DHEADER=x.h -DSPACE=engine -DTYPE=Text -DNAME=kTexts
#         -DCOUNT=kTextCount -DOUTPUT=x.cc -P this
# Raw strings are cut at 8 kB, since compilers need not take longer ones.
set(text "// Written by cmake/EmbedTexts.cmake.\n#include \"${HEADER}\"\n\n"
         "namespace ${SPACE} {\nconst ${TYPE} ${NAME}[] = {\n")
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
string(APPEND text "};\nconst std::size_t ${COUNT} = sizeof(${NAME}) / sizeof(*${NAME});\n"
                   "}  // namespace ${SPACE}\n")
file(WRITE ${OUTPUT} "${text}")
