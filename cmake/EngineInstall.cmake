# find_package(engine) for others: engine::engine.
install(TARGETS engine EXPORT engineTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/engine DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT engineTargets NAMESPACE engine:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/engine)
configure_package_config_file(
  ${CMAKE_SOURCE_DIR}/cmake/engineConfig.cmake.in ${CMAKE_BINARY_DIR}/engineConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/engine)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/engineConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/engineConfig.cmake ${CMAKE_BINARY_DIR}/engineConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/engine)
if(TARGET engine_command)
  install(TARGETS engine_command DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
