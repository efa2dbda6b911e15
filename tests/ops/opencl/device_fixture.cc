#include "ops/opencl/device_fixture.h"

#include "ops/opencl/disguise.h"

namespace engine::test {
namespace {

bool is_signed(DType t) {
  return t == DType::kInt8 || t == DType::kInt16 || t == DType::kInt32 || t == DType::kInt64;
}

// Never let go: when the program ends, the driver may be gone first.
const ops::Backend* backend_of(const std::shared_ptr<opencl::Device>& device) {
  return opencl::make_backend(device, cpu::make_backend(best_isa())).release();
}

}  // namespace

const ops::Backend* device_backend(bool disguised) {
  if (opencl::Device::list().empty()) return nullptr;
  static const ops::Backend* plain = backend_of(opencl::Device::open("0"));
  static const ops::Backend* spread = backend_of(disguised_device());
  return disguised ? spread : plain;
}

void OnDevice::check(const char* name, std::vector<Tensor> in, const ops::Attributes& a,
                     std::vector<bool> outputs, unsigned constants) {
  OperatorCase c;
  c.name = name;
  c.op = make_operator("", name, a);
  c.inputs = std::move(in);
  c.outputs = std::move(outputs);
  c.constants = constants;
  const std::vector<Tensor> wanted = run_evaluate(c);
  for (const bool disguised : {false, true}) {
    std::string kernel;
    const std::vector<Tensor> got = run_backend(c, *device_backend(disguised), 1, &kernel);
    EXPECT_FALSE(kernel.ends_with("on the host")) << name << ": " << kernel;
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (!c.outputs[i]) continue;
      EXPECT_EQ(compare_bits(got[i], wanted[i]), "")
          << name << ", output " << i << (disguised ? ", spread lanes" : "");
    }
  }
}

Tensor any_bits(DType dtype, Shape shape, unsigned seed) {
  Tensor tensor(dtype, std::move(shape));
  auto* bytes = static_cast<unsigned char*>(tensor.mutable_data());
  const std::size_t width = size_of(dtype);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (std::size_t i = 0; i < tensor.bytes(); ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = static_cast<unsigned char>(state >> 56);
  }
  const bool negative = is_signed(dtype);
  for (std::size_t i = 0; i + width <= std::min<std::size_t>(tensor.bytes(), 4 * width); i += width)
    for (std::size_t k = 0; k < width; ++k) {  // 0, lowest or 0, highest, all bits
      const bool last = k + 1 == width;
      const int ends[] = {0, negative && last ? 0x80 : 0, negative && last ? 0x7f : 0xff, 0xff};
      bytes[i + k] = static_cast<unsigned char>(ends[i / width]);
    }
  return tensor;
}

}  // namespace engine::test
