#include "base/check.h"
#include "base/fp_state.h"
#include "base/text.h"
#include "session/session_impl.h"

#include <engine/session.h>

namespace engine {
namespace {

std::size_t find_port(const std::vector<TensorInfo>& list, std::string_view name,
                      const char* what) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name) return i;
  std::vector<std::string> names;
  for (const TensorInfo& info : list) names.push_back(quote(info.name));
  fail(ErrorCode::kInvalidArgument, "the model has no ", what, " ", quote(name), " (it has ",
       join(names), ")");
}

std::size_t checked_elements(const graph::Port& port, DType wanted, std::string_view name) {
  ENGINE_REQUIRE(port.dtype == wanted, ErrorCode::kInvalidArgument, quote(name), " is ",
                 to_string(port.dtype), ", ", to_string(wanted), " was asked for");
  return static_cast<std::size_t>(element_count(port.shape));
}

}  // namespace

BoundCall::BoundCall(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BoundCall::BoundCall(BoundCall&&) noexcept = default;
BoundCall& BoundCall::operator=(BoundCall&&) noexcept = default;
BoundCall::~BoundCall() = default;

BoundCall::Memory BoundCall::input_memory(std::string_view name, DType wanted) const {
  const std::size_t i = find_port(impl_->session->model.inputs(), name, "input");
  const std::size_t count = checked_elements(impl_->context.plan().inputs[i], wanted, name);
  return {impl_->context.input(i), count};
}

BoundCall::Memory BoundCall::output_memory(std::string_view name, DType wanted) const {
  const std::size_t i = find_port(impl_->session->model.outputs(), name, "output");
  const std::size_t count = checked_elements(impl_->context.plan().outputs[i], wanted, name);
  return {impl_->context.output(i), count};
}

Shape BoundCall::input_shape(std::string_view name) const {
  const std::size_t i = find_port(impl_->session->model.inputs(), name, "input");
  return impl_->context.plan().inputs[i].shape;
}

Shape BoundCall::output_shape(std::string_view name) const {
  const std::size_t i = find_port(impl_->session->model.outputs(), name, "output");
  return impl_->context.plan().outputs[i].shape;
}

Status BoundCall::run() noexcept {
  const FpState fp;
  return impl_->context.run();
}

Status BoundCall::run(Profile& profile) {
  const FpState fp;
  return impl_->context.run(profile);
}

std::string BoundCall::message(const Status& status) const {
  if (status.ok()) return "ok";
  return impl_->context.plan().label(static_cast<std::size_t>(status.node)) + ": " +
         graph::describe({status.fault, status.a, status.b});
}

}  // namespace engine
