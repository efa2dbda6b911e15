#!/bin/bash
# Installs a build tree into a scratch folder and builds a program of somebody else's against it.
#   install_test.sh BUILD_DIR
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build" --prefix "$scratch/prefix" >/dev/null
cmake -G Ninja -S "$here/consumer" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" >/dev/null
cmake --build "$scratch/build" >/dev/null
"$scratch/build/consumer" "$here/../../models/jet_tagger.onnx"

# Nothing but the public API may be visible.
library=$(find "$scratch/prefix" -name 'libengine.so*' -type f)
if nm -DC --defined-only "$library" | grep -E ' [TW] engine::(ops|cpu|graph|onnx|numerics)::' | head -3 | grep .; then
  echo "install_test: internal symbols are visible" >&2
  exit 1
fi
echo "install_test: good"
