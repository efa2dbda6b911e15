// oneDNN, step by step: direct convolutions with bias, sum and activation fused, in its own
// layouts.
#include "serve.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <chrono>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

namespace peers {
namespace {

using dnnl::memory;
using Dims = memory::dims;
constexpr auto kFloat = memory::data_type::f32;
constexpr auto kAny = memory::format_tag::any;
constexpr auto kForward = dnnl::prop_kind::forward_inference;

// What runs, with its arguments; the convolutions can be run alone.
struct Step {
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;
  std::string convolution = {};  // its node's name in the model
};

struct Window {
  Dims kernel, strides, before, after;
};

Dims read_dims(std::istream& words, int count) {
  Dims dims(static_cast<std::size_t>(count));
  for (auto& extent : dims) words >> extent;
  return dims;
}

Window read_window(std::istream& words, const Dims& kernel) {
  Window window{kernel, read_dims(words, 2), {}, {}};
  window.before = read_dims(words, 2);
  window.after = read_dims(words, 2);
  return window;
}

// Extents of the output of a window that walks over `source`.
Dims output_dims(const Dims& source, memory::dim channels, const Window& window) {
  Dims result = {source[0], channels};
  for (std::size_t i = 0; i < 2; ++i)
    result.push_back((source[2 + i] + window.before[i] + window.after[i] - window.kernel[i]) /
                         window.strides[i] +
                     1);
  return result;
}

class Net {
 public:
  explicit Net(const Job& job) : job_(job), weights_(read_bytes(job.setting("weights"))) {
    const Input& input = job_.inputs.at(0);
    const memory::desc plain({input.shape.begin(), input.shape.end()}, kFloat,
                             memory::format_tag::nchw);
    values_.push_back(memory(plain, engine_));
    if (plain.get_size() != input.bytes.size())
      throw std::runtime_error("an input is not of its shape");
    std::memcpy(values_[0].get_data_handle(), input.bytes.data(), input.bytes.size());
    std::ifstream plan(job_.setting("plan"));
    for (std::string line; std::getline(plan, line);) add(line);
    finish();
  }

  void run(bool all) {
    for (Step& step : steps_)
      if (all || !step.convolution.empty()) step.primitive.execute(stream_, step.arguments);
    stream_.wait();
  }

  std::vector<Part> time_convolutions() {
    std::vector<Part> parts;
    for (Step& step : steps_) {
      const auto start = std::chrono::steady_clock::now();
      step.primitive.execute(stream_, step.arguments);
      stream_.wait();
      const std::chrono::duration<double, std::nano> passed =
          std::chrono::steady_clock::now() - start;
      if (!step.convolution.empty()) parts.push_back({step.convolution, passed.count()});
    }
    return parts;
  }

  // The library's version and the kernels that it has chosen.
  std::string version() const {
    const dnnl_version_t* v = dnnl_version();
    std::string text =
        std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
    for (const auto& [kernel, count] : kernels_) text += " " + std::to_string(count) + "x" + kernel;
    return text;
  }

  void write_outputs() {
    run(true);
    const memory& last = values_.back();
    write_bytes(job_.outputs.at(0).file, last.get_data_handle(), last.get_desc().get_size());
  }

 private:
  void add(const std::string& line) {
    std::istringstream words(line);
    std::string kind;
    std::size_t source = 0, out = 0;
    words >> kind >> source >> out;
    if (source >= values_.size() || out != values_.size()) throw std::runtime_error("a bad plan");
    if (kind == "conv") add_convolution(words, source);
    else if (kind == "maxpool") add_max(words, source);
    else if (kind == "mean") add_mean(source);
    else if (kind == "dense") add_dense(words, source);
    else throw std::runtime_error("a step of unknown kind: " + kind);
  }

  void add_convolution(std::istream& words, std::size_t source) {
    int residual = -1;
    std::string activation;
    memory::dim filters = 0, channels = 0, groups = 1;
    words >> residual >> activation >> filters >> channels;
    const Window window = read_window(words, read_dims(words, 2));
    std::string name;
    words >> groups >> name;
    const Dims& kernel = window.kernel;
    const bool grouped = groups > 1;
    const Dims shape = grouped
                           ? Dims{groups, filters / groups, channels / groups, kernel[0], kernel[1]}
                           : Dims{filters, channels, kernel[0], kernel[1]};
    const Dims from = values_[source].get_desc().dims();
    const memory::desc out = residual < 0
                                 ? memory::desc(output_dims(from, filters, window), kFloat, kAny)
                                 : value(residual).get_desc();
    const dnnl::convolution_forward::desc description(
        kForward, dnnl::algorithm::convolution_direct, {from, kFloat, kAny}, {shape, kFloat, kAny},
        {{filters}, kFloat, memory::format_tag::a}, out, window.strides, window.before,
        window.after);
    const dnnl::convolution_forward::primitive_desc chosen(description, fused(residual, activation),
                                                           engine_);
    const memory filter =
        constant(shape, grouped ? memory::format_tag::goihw : memory::format_tag::oihw,
                 chosen.weights_desc());
    const memory bias = constant({filters}, memory::format_tag::a, chosen.bias_desc());
    const memory input = in_layout(source, chosen.src_desc());
    ++kernels_[chosen.impl_info_str()];
    values_.push_back(residual < 0 ? memory(chosen.dst_desc(), engine_) : value(residual));
    steps_.push_back({dnnl::convolution_forward(chosen),
                      {{DNNL_ARG_SRC, input},
                       {DNNL_ARG_WEIGHTS, filter},
                       {DNNL_ARG_BIAS, bias},
                       {DNNL_ARG_DST, values_.back()}},
                      name});
  }

  static dnnl::primitive_attr fused(int residual, const std::string& activation) {
    dnnl::post_ops after;
    if (residual >= 0) after.append_sum(1.0f);
    if (activation == "relu") after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    if (activation == "relu6")
      after.append_eltwise(1.0f, dnnl::algorithm::eltwise_clip, 0.0f, 6.0f);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);
    return attributes;
  }

  void add_max(std::istream& words, std::size_t source) {
    const Window window = read_window(words, read_dims(words, 2));
    const Dims from = values_[source].get_desc().dims();
    add_pooling(source, dnnl::algorithm::pooling_max, window, output_dims(from, from[1], window));
  }

  void add_mean(std::size_t source) {
    const Dims from = values_[source].get_desc().dims();
    const Window whole{{from[2], from[3]}, {1, 1}, {0, 0}, {0, 0}};
    add_pooling(source, dnnl::algorithm::pooling_avg_exclude_padding, whole,
                {from[0], from[1], 1, 1});
  }

  void add_pooling(std::size_t source, dnnl::algorithm kind, const Window& window, const Dims& to) {
    const dnnl::pooling_forward::desc description(kForward, kind, values_[source].get_desc(),
                                                  {to, kFloat, kAny}, window.strides, window.kernel,
                                                  window.before, window.after);
    const dnnl::pooling_forward::primitive_desc chosen(description, engine_);
    const memory input = values_[source];
    values_.push_back(memory(chosen.dst_desc(), engine_));
    steps_.push_back(
        {dnnl::pooling_forward(chosen), {{DNNL_ARG_SRC, input}, {DNNL_ARG_DST, values_.back()}}});
  }

  void add_dense(std::istream& words, std::size_t source) {
    const Dims shape = read_dims(words, 2);
    const Dims from = values_[source].get_desc().dims();
    const memory input = in_layout(source, {from, kFloat, memory::format_tag::nchw});
    const memory::desc rows = input.get_desc().reshape({from[0], shape[1]});
    const dnnl::inner_product_forward::desc description(
        kForward, rows, {shape, kFloat, kAny}, {{shape[0]}, kFloat, memory::format_tag::a},
        {{from[0], shape[0]}, kFloat, memory::format_tag::nc});
    const dnnl::inner_product_forward::primitive_desc chosen(description, engine_);
    const memory filter = constant(shape, memory::format_tag::oi, chosen.weights_desc());
    const memory bias = constant({shape[0]}, memory::format_tag::a, chosen.bias_desc());
    values_.push_back(memory(chosen.dst_desc(), engine_));
    steps_.push_back({dnnl::inner_product_forward(chosen),
                      {{DNNL_ARG_SRC, memory(rows, engine_, input.get_data_handle())},
                       {DNNL_ARG_WEIGHTS, filter},
                       {DNNL_ARG_BIAS, bias},
                       {DNNL_ARG_DST, values_.back()}}});
    kept_.push_back(input);
  }

  // The last value in the order of its axes.
  void finish() {
    const memory::desc last = values_.back().get_desc();
    if (last.dims().size() == 4)
      values_.push_back(
          in_layout(values_.size() - 1, {last.dims(), kFloat, memory::format_tag::nchw}));
  }

  const memory& value(int number) const { return values_.at(static_cast<std::size_t>(number)); }

  // A value in the layout that a step wants, by a step of its own if it is in another one.
  memory in_layout(std::size_t number, const memory::desc& wanted) {
    const memory from = values_[number];
    if (from.get_desc() == wanted) return from;
    memory to(wanted, engine_);
    steps_.push_back({dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}});
    return to;
  }

  // The next weights of the file, in the layout that the primitive wants.
  memory constant(const Dims& shape, memory::format_tag plain, const memory::desc& wanted) {
    memory from({shape, kFloat, plain}, engine_);
    const std::size_t bytes = from.get_desc().get_size();
    if (weights_.size() - at_ < bytes) throw std::runtime_error("the file of weights is too short");
    std::memcpy(from.get_data_handle(), weights_.data() + at_, bytes);
    at_ += bytes;
    if (from.get_desc() == wanted) return from;
    memory to(wanted, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return to;
  }

  Job job_;
  std::vector<std::byte> weights_;
  std::size_t at_ = 0;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<memory> values_;
  std::vector<memory> kept_;  // what a step looks into without owning it
  std::vector<Step> steps_;
  std::map<std::string, int> kernels_;  // of the convolutions, and how many each
};

std::vector<Implementation> make(const Job& job) {
  const auto net = std::make_shared<Net>(job);
  const std::string version = net->version();
  const auto write = [net] { net->write_outputs(); };
  net->run(true);
  return {{"onednn", version, loop([net] { net->run(true); }), write,
           [net] { return net->time_convolutions(); }},
          {"onednn-convs", version, loop([net] { net->run(false); }), write}};
}

}  // namespace
}  // namespace peers

int main(int argc, char** argv) { return peers::serve(argc, argv, peers::make); }
