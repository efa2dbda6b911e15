#include "engine_peer.h"

int main(int argc, char** argv) {
  return peers::serve(argc, argv,
                      [](const peers::Job& job) { return std::vector{peers::make_engine(job)}; });
}
