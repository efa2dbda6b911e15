// CLBlast's product of row-major matrices, where the build has it.
#pragma once

#include "bench/opencl/products.h"

#include <optional>

namespace engine::bench {

bool has_clblast();

/// y [rows, columns] = a [rows, terms] b [terms, columns], queued. Throws Error.
void clblast_product(cl_command_queue queue, const ProductShape& shape, cl_mem a, cl_mem b,
                     cl_mem y);

/// The library's parameters of its kernel for large products.
using ClblastParameters = std::vector<std::pair<std::string, std::size_t>>;

/// One of the sets that the kernel allows, at random.
ClblastParameters random_parameters(unsigned seed);

/// From now on products take these; with none, they are as the library comes. Throws Error.
void set_clblast(cl_device_id device, const ClblastParameters& parameters);

}  // namespace engine::bench
