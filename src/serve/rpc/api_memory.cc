// Of Api: shared memory.
#include "serve/core/output_form.h"
#include "serve/rpc/api.h"
#include "serve/rpc/status.h"

namespace engine::serve::rpc {
namespace {

using ::grpc::Status;

Status no_memory() { return status_of({Code::kUnsupported, kNoSharedMemory}); }

}  // namespace

Status Api::memory_status(const inference::SystemSharedMemoryStatusRequest& request,
                          inference::SystemSharedMemoryStatusResponse& response) const {
  if (!memory_) return no_memory();
  std::optional<Failure> failure;
  for (const SharedRegion& region : memory_->list(request.name(), failure)) {
    auto& status = (*response.mutable_regions())[region.name];
    status.set_name(region.name);
    status.set_key(region.key);
    status.set_offset(region.offset);
    status.set_byte_size(region.byte_size);
  }
  return failure ? status_of(*failure) : Status::OK;
}

Status Api::memory_register(const inference::SystemSharedMemoryRegisterRequest& request,
                            inference::SystemSharedMemoryRegisterResponse&) const {
  if (!memory_) return no_memory();
  const auto failure =
      memory_->add({request.name(), request.key(), request.offset(), request.byte_size()});
  return failure ? status_of(*failure) : Status::OK;
}

Status Api::memory_unregister(const inference::SystemSharedMemoryUnregisterRequest& request,
                              inference::SystemSharedMemoryUnregisterResponse&) const {
  if (!memory_) return no_memory();
  memory_->remove(request.name());
  return Status::OK;
}

Status Api::cuda_status(const inference::CudaSharedMemoryStatusRequest& request,
                        inference::CudaSharedMemoryStatusResponse&) const {
  if (request.name().empty()) return Status::OK;
  return {::grpc::StatusCode::NOT_FOUND, "Unable to find cuda shared memory region"};
}

Status Api::cuda_register(const inference::CudaSharedMemoryRegisterRequest&,
                          inference::CudaSharedMemoryRegisterResponse&) const {
  return {::grpc::StatusCode::INVALID_ARGUMENT,
          "failed to register CUDA shared memory region: this server has no CUDA; use system "
          "shared memory"};
}

Status Api::cuda_unregister(const inference::CudaSharedMemoryUnregisterRequest&,
                            inference::CudaSharedMemoryUnregisterResponse&) const {
  return Status::OK;
}

}  // namespace engine::serve::rpc
