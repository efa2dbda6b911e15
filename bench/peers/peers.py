"""How each peer is started on a case: what is converted for it, and which program runs it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from conv_plan import write_plan
from dense_layers import write_layers
from worker import Cannot

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE.parents[1] / "build" / "release"


def program(name, needs=""):
    path = PROGRAMS / f"peer_{name}"
    if not path.exists():
        raise Cannot(f"{path.name} is not built" + (f" ({needs} is missing: scripts/setup peers)" if needs else ""))
    return [path]


def package(name):
    """The folder of an installed Python package, which need not be imported for that."""
    found = importlib.util.find_spec(name)
    if found is None:
        raise Cannot(f"the Python package {name} is missing (bench/peers/run installs it)")
    return Path(found.submodule_search_locations[0])


def library(name, pattern):
    found = sorted(package(name).glob(pattern))
    if not found:
        raise Cannot(f"the Python package {name} has no {pattern}")
    return {"library": found[-1]}


def python(script, needs):
    package(needs)
    return [sys.executable, HERE / "python" / script]


def convert(case, folder, wanted, command):
    """Runs a converter in a folder of its own, once for each version of the model and of this file."""
    folder.mkdir(exist_ok=True)
    newest = max(path.stat().st_mtime for path in (case.path, Path(__file__)))
    if any(not path.exists() or path.stat().st_mtime < newest for path in wanted):
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=300)
        except subprocess.TimeoutExpired:
            raise Cannot("its converter did not end in 5 minutes") from None
        if done.returncode or not all(path.exists() for path in wanted):
            lines = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
            raise Cannot(f"its converter ended with {done.returncode}: {lines[-1].strip()[:120]}")


def engine(case):
    return program("engine"), {}


def onnxruntime(case):
    return program("onnxruntime"), library("onnxruntime", "capi/libonnxruntime.so.*")


def openvino(case):
    return program("openvino"), library("openvino", "libs/libopenvino_c.so*")


def ncnn(case):
    if case.batch != 1:
        raise Cannot("its tensors have no batch")
    command = python("ncnn_peer.py", "ncnn")
    folder = case.folder / "ncnn"
    param, weights = folder / "model.ncnn.param", folder / "model.ncnn.bin"
    folder.mkdir(exist_ok=True)
    link = folder / "model.onnx"  # everything that pnnx writes goes beside its input
    if not link.exists():
        link.symlink_to(case.path)
    shapes = ",".join(f"[{','.join(map(str, v.shape))}]{v.dtype.kind}{8 * v.dtype.itemsize}" for v in case.inputs.values())
    convert(case, folder, [param, weights], [package("pnnx") / "pnnx", link, f"inputshape={shapes}", "fp16=0"])
    return command, {"param": param, "bin": weights}


def mnn(case):
    command = python("mnn_peer.py", "MNN")
    model = case.folder / "mnn" / "model.mnn"
    # The package's own script also installs packages and reports over the network; its converter alone does not.
    converter = [sys.executable, "-c", "import sys, _tools; _tools.mnnconvert(sys.argv)"]
    # Without the last option recurrent layers become loops of small operators, and those of an LSTM do not convert.
    convert(case, model.parent, [model], [*converter, "-f", "ONNX", "--modelFile", case.path, "--MNNModel", model,
                                          "--bizCode", "peers", "--useOriginRNNImpl"])
    return command, {"mnn": model}


def onednn(case):
    return program("onednn", "libdnnl-dev"), write_plan(case.proto, case.folder)


def by_hand(case):
    """Eigen, OpenBLAS and what imitates lwtnn and SOFIE; the engine is in the same process."""
    settings = write_layers(case.proto, case.folder / "weights.bin")
    return program("mlp"), settings


PEERS = {"onnxruntime": onnxruntime, "openvino": openvino, "ncnn": ncnn, "mnn": mnn,
         "onednn": onednn, "by_hand": by_hand}
WITH_LAYERS = ("onednn",)
