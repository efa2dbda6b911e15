"""The models that are measured, each with one batch: the same file and the same inputs for everyone."""

import importlib
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper

from worker import Cannot

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "peers"
sys.path.append(str(ROOT / "models" / "generators"))
import builder  # noqa: E402

TYPES = {TensorProto.FLOAT: "float32", TensorProto.DOUBLE: "float64", TensorProto.INT32: "int32", TensorProto.INT64: "int64"}

# Name, and what makes it: a generator with its arguments, or a file of the repository.
MODELS = {
    "resnet50": ("resnet50", {}),
    "mobilenet": ("mobilenet", {}),
    "mlp": ("mlp", {}),
    "patch_cnn": ("patch_cnn", {}),
    "emtrack_michel": "models/emtrack_michel.onnx",
    "top_tagger": "models/top_tagger_resnet.onnx",
    "lstm_tagger": ("lstm_tagger", {}),
    "gru_tagger": ("gru_tagger", {}),
    "attention_tagger": ("attention_tagger", {}),
    "graph_network": ("graph_network", {}),
    "boosted_trees": ("boosted_trees", {}),
}


def source_of(name):
    """The model's file, made if it has to be. `name` is one of MODELS, or a file."""
    made = MODELS.get(name, name)
    if isinstance(made, str):
        path = ROOT / made if name in MODELS else Path(made)
        if not path.is_file():
            raise Cannot(f"{name} is neither a file nor one of {', '.join(MODELS)}")
        return path
    generator, arguments = made
    path = WORK / "models" / f"{name}.onnx"
    script = ROOT / "models" / "generators" / f"{generator}.py"
    if not path.exists() or path.stat().st_mtime < script.stat().st_mtime:
        with redirect_stdout(sys.stderr):  # what it says is no row of the table
            builder.save(importlib.import_module(generator).build(**arguments), path)
    return path


def label(path_or_name):
    path = Path(path_or_name)
    return path.parent.name if path.name == "model.onnx" else path.name.removesuffix(".onnx")


def fix_batch(model, batch):
    """Writes `batch` for the free first axis of the inputs, and 1 for other free axes."""
    extents = {}
    for info in model.graph.input:
        for axis, dim in enumerate(info.type.tensor_type.shape.dim):
            if not dim.dim_value:
                extent = batch if axis == 0 else 1
                extents.setdefault(dim.dim_param, extent)
                dim.dim_value = extents[dim.dim_param] if dim.dim_param else extent
    for info in (*model.graph.output, *model.graph.value_info):
        for dim in info.type.tensor_type.shape.dim:
            if dim.dim_param in extents:
                dim.dim_value = extents[dim.dim_param]


def read(path):
    """The model; Cannot if it is none, or has what a job cannot say (native/job.h)."""
    try:
        model = onnx.load(path)
    except (DecodeError, OSError) as error:
        raise Cannot(f"it is no ONNX file that can be read: {error}") from None
    weights = {tensor.name for tensor in model.graph.initializer}
    for info in (*model.graph.input, *model.graph.output):
        kind = info.type.tensor_type.elem_type
        if info.name not in weights and kind not in TYPES:
            raise Cannot(f"{info.name!r} has another type than {', '.join(TYPES.values())}")
        if set(info.name) & set("\t\n"):
            raise Cannot(f"{info.name!r} has a tab or a line break in its name")
    return model


class Case:
    """A model with a batch, in a folder of its own: model.onnx and the values of its inputs."""

    def __init__(self, name, batch):
        self.name, self.batch = label(name), batch
        source = source_of(name)
        self.folder = WORK / "cases" / f"{self.name}_{batch}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / "model.onnx"
        self.proto = read(source)
        weights = {tensor.name for tensor in self.proto.graph.initializer}
        given = [info for info in self.proto.graph.input if info.name not in weights]
        del self.proto.graph.input[:]
        self.proto.graph.input.extend(given)
        fix_batch(self.proto, batch)
        newest = max(path.stat().st_mtime for path in (source, Path(__file__)))
        if not self.path.exists() or self.path.stat().st_mtime < newest:
            onnx.save(self.proto, self.path)
        self.inputs = builder.random_inputs(self.proto, batch, seed=1)
        self.outputs = [(info.name, helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type))
                        for info in self.proto.graph.output]

    def write_job(self, peer, threads, settings):
        """The file that tells a process what to run (native/job.h)."""
        lines = [["model", self.path], ["threads", threads], *(["set", *item] for item in settings.items())]
        for k, (name, values) in enumerate(self.inputs.items()):
            file = self.folder / f"input_{k}.bin"
            values.tofile(file)
            lines.append(["input", name, values.dtype, ",".join(map(str, values.shape)), file])
        lines += [["output", name, self.output_file(peer, k)] for k, (name, _) in enumerate(self.outputs)]
        job = self.folder / f"{peer}.job"
        job.write_text("".join("\t".join(map(str, line)) + "\n" for line in lines))
        return job

    def output_file(self, peer, index):
        return self.folder / f"{peer}_output_{index}.bin"

    def read_outputs(self, peer):
        return [np.fromfile(self.output_file(peer, k), dtype) for k, (_, dtype) in enumerate(self.outputs)]
