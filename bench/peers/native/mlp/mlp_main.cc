// What people write by hand for a small network, beside this engine in one process.
#include "../engine_peer.h"
#include "network.h"

namespace peers {
namespace {

std::vector<Implementation> make(const Job& job) {
  static const Network network = read_network(job);
  std::vector<Implementation> all = {make_engine(job)};
#ifdef PEER_HAS_EIGEN
  if (network.widths() == std::vector{16, 64, 32, 32, 5}) all.push_back(make_eigen(network));
  all.push_back(make_lwtnn_like(network));
#endif
#ifdef PEER_HAS_OPENBLAS
  all.push_back(make_sofie_like(network));
  if (network.batch > 1) all.push_back(make_openblas(network));
#endif
  return all;
}

}  // namespace
}  // namespace peers

int main(int argc, char** argv) { return peers::serve(argc, argv, peers::make); }
