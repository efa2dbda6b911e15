"""Our onnx.proto against that of the installed onnx package: same fields, same numbers.

Usage: python descriptor_test.py. Skips if protoc or the onnx package is missing, and says so.
"""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

try:
    import onnx
    from google.protobuf import descriptor_pb2
except ImportError:
    onnx = None

SOURCE = pathlib.Path(__file__).resolve().parents[3] / "src"


def our_file():
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "onnx.pb"
        command = ["protoc", f"-I{SOURCE}", f"--descriptor_set_out={out}"]
        subprocess.run([*command, "loaders/onnx/onnx.proto"], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file[0]


def their_file():
    file = descriptor_pb2.FileDescriptorProto()
    onnx.ModelProto.DESCRIPTOR.file.CopyToProto(file)
    return file


def by_name(items):
    return {item.name: item for item in items}


def facts(field):
    type_name = field.type_name.rsplit(".", 1)[-1]
    flags = field.options.packed, field.HasField("oneof_index")
    return field.name, field.number, field.type, field.label, type_name, flags


@unittest.skipIf(onnx is None, "the onnx package is not installed")
@unittest.skipIf(shutil.which("protoc") is None, "protoc is not installed")
class DescriptorTest(unittest.TestCase):
    def compare(self, ours, theirs):
        known = by_name(theirs.field)
        for field in ours.field:
            self.assertIn(field.name, known, ours.name)
            self.assertEqual(facts(field), facts(known[field.name]), ours.name)
            self.compared += 1
        for enum in ours.enum_type:
            known = by_name(theirs.enum_type)[enum.name]
            values = [{value.name: value.number for value in e.value} for e in (enum, known)]
            self.assertEqual(*values, enum.name)
        for nested in ours.nested_type:
            self.compare(nested, by_name(theirs.nested_type)[nested.name])

    def test_fields_agree(self):
        self.compared = 0
        theirs = by_name(their_file().message_type)
        for message in our_file().message_type:
            self.compare(message, theirs[message.name])
        self.assertGreater(self.compared, 80)


if __name__ == "__main__":
    unittest.main()
