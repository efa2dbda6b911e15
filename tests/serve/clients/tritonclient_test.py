#!/usr/bin/env python3
"""tritonclient, unmodified, against `engine serve`: gRPC, HTTP, asyncio, streams, shared memory.

    tritonclient_test.py ENGINE [unittest's arguments]

Skipped (77) without tritonclient (scripts/setup serve).
"""
import asyncio
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

try:
    import numpy as np
    import tritonclient.grpc as grpcclient
    import tritonclient.grpc.aio as grpcaio
    import tritonclient.http as httpclient
    import tritonclient.utils.shared_memory as shm
    from tritonclient.grpc import model_config_pb2, service_pb2
    from tritonclient.utils import InferenceServerException
except ImportError as missing:
    print(f"skipped: {missing} (scripts/setup serve)")
    sys.exit(77)

ROOT = Path(__file__).resolve().parents[3]
ENGINE = Path(sys.argv.pop(1))
LABELS = ["gluon", "quark", "W", "Z", "top"]
CONFIG = """
max_batch_size: 64
input { name: "jets" data_type: TYPE_FP32 dims: 16 }
output { name: "scores" data_type: TYPE_FP32 dims: 5 label_filename: "labels.txt" }
dynamic_batching { preferred_batch_size: [ 16, 64 ] }
parameters { key: "experiment" value { string_value: "CMS" } }
"""


def make_repository(root):
    model = root / "jets"
    (model / "1").mkdir(parents=True)
    shutil.copy(ROOT / "models" / "jet_tagger.onnx", model / "1" / "model.onnx")
    (model / "config.pbtxt").write_text(CONFIG)
    (model / "labels.txt").write_text("\n".join(LABELS) + "\n")
    (root / "plain" / "3").mkdir(parents=True)
    shutil.copy(ROOT / "models" / "jet_tagger.onnx", root / "plain" / "3" / "model.onnx")


class Served:
    """A server with a repository in explicit mode."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        make_repository(Path(self.folder.name))
        self.process = subprocess.Popen(
            [ENGINE, "serve", "--model-repository", self.folder.name, "--grpc-port", "0", "--http-port", "0",
             "--metrics-port", "0",
             "--model-control-mode", "explicit", "--load-model", "jets", *options],
            stdout=subprocess.PIPE, text=True)
        self.ports = {}
        while len(self.ports) < 3:
            line = self.process.stdout.readline()
            assert line, "the server ended"
            service, address = line.removeprefix("Started ").split(" at ")
            self.ports[service] = int(address.rsplit(":", 1)[1])

    @property
    def grpc(self):
        return f"127.0.0.1:{self.ports['GRPCInferenceService']}"

    @property
    def http(self):
        return f"127.0.0.1:{self.ports['HTTPService']}"

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.folder.cleanup()
        return code


def jets(rows, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, 16)).astype(np.float32)


def inputs_of(library, values):
    tensor = library.InferInput("jets", list(values.shape), "FP32")
    tensor.set_data_from_numpy(values)
    return [tensor]


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Served()
        cls.clients = {grpcclient: grpcclient.InferenceServerClient(cls.server.grpc),
                       httpclient: httpclient.InferenceServerClient(cls.server.http, concurrency=4)}

    @classmethod
    def tearDownClass(cls):
        for client in cls.clients.values():
            client.close()
        assert cls.server.end() == 0

    def each(self):
        for library, client in self.clients.items():
            with self.subTest(library.__name__):
                yield library, client

    def scores(self, values):
        library = grpcclient
        return self.clients[library].infer("jets", inputs_of(library, values)).as_numpy("scores")

    def test_health(self):
        for _, client in self.each():
            self.assertTrue(client.is_server_live())
            self.assertTrue(client.is_server_ready())
            self.assertTrue(client.is_model_ready("jets"))
            self.assertFalse(client.is_model_ready("nope"))

    def test_metadata_and_configuration(self):
        client = self.clients[grpcclient]
        metadata = client.get_model_metadata("jets", as_json=True)
        self.assertEqual(metadata["inputs"], [{"name": "jets", "datatype": "FP32", "shape": ["-1", "16"]}])
        config = client.get_model_config("jets").config
        self.assertEqual(config.max_batch_size, 64)
        self.assertEqual(list(config.dynamic_batching.preferred_batch_size), [16, 64])
        self.assertEqual(config.parameters["experiment"].string_value, "CMS")
        of_http = self.clients[httpclient].get_model_config("jets")
        self.assertEqual(of_http["max_batch_size"], 64)
        self.assertEqual(of_http["input"][0]["dims"], [16])

    def test_protocols_agree_bit_for_bit(self):
        for rows in (1, 5, 64):
            values = jets(rows, rows)
            results = [client.infer("jets", inputs_of(library, values), request_id="a").as_numpy("scores")
                       for library, client in self.clients.items()]
            self.assertEqual(results[0].shape, (rows, 5))
            self.assertEqual(results[0].tobytes(), results[1].tobytes())
            alone = np.concatenate([self.scores(values[i:i + 1]) for i in range(rows)])
            self.assertEqual(results[0].tobytes(), alone.tobytes())

    def test_json_tensors(self):
        tensor = httpclient.InferInput("jets", [2, 16], "FP32")
        tensor.set_data_from_numpy(jets(2), binary_data=False)
        output = httpclient.InferRequestedOutput("scores", binary_data=False)
        result = self.clients[httpclient].infer("jets", [tensor], outputs=[output])
        self.assertEqual(result.as_numpy("scores").tobytes(), self.scores(jets(2)).tobytes())

    def test_errors(self):
        for library, client in self.each():
            for name, tensors, words in [("nope", inputs_of(library, jets(1)), "unknown model"),
                                         ("jets", inputs_of(library, jets(65)), "must be <= 64"),
                                         ("jets", inputs_of(library, jets(1)[:, :15]), "unexpected shape"),
                                         ("plain", inputs_of(library, jets(1)), "unknown model")]:
                with self.assertRaises(InferenceServerException) as caught:
                    client.infer(name, tensors)
                self.assertIn(words, str(caught.exception))

    def test_classification(self):
        values = jets(3)
        scores = self.scores(values)
        for library, client in self.each():
            output = library.InferRequestedOutput("scores", class_count=2)
            classes = client.infer("jets", inputs_of(library, values), outputs=[output]).as_numpy("scores")
            self.assertEqual(classes.shape, (3, 2))
            for row in range(3):
                best = np.argsort(-scores[row])[:2]
                expected = [f"{scores[row][i]:f}:{i}:{LABELS[i]}".encode() for i in best]
                self.assertEqual(list(classes[row]), expected)

    def test_shared_memory(self):
        values = jets(4)
        for number, (library, client) in enumerate(self.each()):
            names = [f"engine_test_{number}_{kind}" for kind in ("in", "out")]
            regions = [shm.create_shared_memory_region(name, "/" + name, size)
                       for name, size in zip(names, (values.nbytes, 4 * 5 * 4))]
            try:
                shm.set_shared_memory_region(regions[0], [values])
                for name, size in zip(names, (values.nbytes, 80)):
                    client.register_system_shared_memory(name, "/" + name, size)
                with self.assertRaises(InferenceServerException):
                    client.register_system_shared_memory(names[0], "/" + names[0], 8)
                self.assertIn(names[0], str(client.get_system_shared_memory_status()))
                tensor = library.InferInput("jets", [4, 16], "FP32")
                tensor.set_shared_memory(names[0], values.nbytes)
                output = library.InferRequestedOutput("scores")
                output.set_shared_memory(names[1], 80)
                result = client.infer("jets", [tensor], outputs=[output])
                self.assertIn("shared_memory_region", str(result.get_output("scores")))
                scores = shm.get_contents_as_numpy(regions[1], np.float32, [4, 5])
                self.assertEqual(scores.tobytes(), self.scores(values).tobytes())
                output.set_shared_memory(names[1], 40)
                with self.assertRaisesRegex(InferenceServerException, "should be at least 80 bytes"):
                    client.infer("jets", [tensor], outputs=[output])
                client.unregister_system_shared_memory(names[0])
                with self.assertRaises(InferenceServerException):
                    client.infer("jets", [tensor])
            finally:
                client.unregister_system_shared_memory()
                for region in regions:
                    shm.destroy_shared_memory_region(region)

    def test_a_region_may_shrink(self):
        region = shm.create_shared_memory_region("engine_shrinks", "/engine_shrinks", 1 << 20)
        client = self.clients[grpcclient]
        try:
            client.register_system_shared_memory("engine_shrinks", "/engine_shrinks", 1 << 20)
            with open("/dev/shm/engine_shrinks", "r+b") as file:
                file.truncate(16)
            tensor = grpcclient.InferInput("jets", [4, 16], "FP32")
            tensor.set_shared_memory("engine_shrinks", 256)
            with self.assertRaisesRegex(InferenceServerException, "shorter than when it was registered"):
                client.infer("jets", [tensor])
            self.assertTrue(client.is_server_live())
        finally:
            client.unregister_system_shared_memory()
            shm.destroy_shared_memory_region(region)

    def test_streams(self):
        answers = queue.Queue()
        client = self.clients[grpcclient]
        client.start_stream(callback=lambda result, error: answers.put((result, error)))
        for i in range(40):
            client.async_stream_infer("jets" if i != 7 else "nope", inputs_of(grpcclient, jets(2, i)), request_id=str(i))
        seen = {}
        for _ in range(40):
            result, error = answers.get(timeout=60)
            if error:
                self.assertIn("unknown model", str(error))
            else:
                seen[int(result.get_response().id)] = result.as_numpy("scores")
        client.stop_stream()
        self.assertEqual(sorted(seen), [i for i in range(40) if i != 7])
        for i, scores in seen.items():
            self.assertEqual(scores.tobytes(), self.scores(jets(2, i)).tobytes())

    def test_asynchronous_calls(self):
        answers = queue.Queue()
        calls = [self.clients[grpcclient].async_infer("jets", inputs_of(grpcclient, jets(1, i)),
                                                      lambda result, error: answers.put((result, error)))
                 for i in range(20)]
        for _ in calls:
            result, error = answers.get(timeout=60)
            self.assertIsNone(error)
            self.assertEqual(result.as_numpy("scores").shape, (1, 5))
        later = [self.clients[httpclient].async_infer("jets", inputs_of(httpclient, jets(1, i))) for i in range(20)]
        for i, call in enumerate(later):
            self.assertEqual(call.get_result().as_numpy("scores").tobytes(), self.scores(jets(1, i)).tobytes())

    def test_asyncio(self):
        async def ask():
            async with grpcaio.InferenceServerClient(self.server.grpc) as client:
                values = [jets(1, i) for i in range(10)]
                results = await asyncio.gather(*(client.infer("jets", inputs_of(grpcaio, v)) for v in values))
                return [result.as_numpy("scores").tobytes() for result in results]
        self.assertEqual(asyncio.run(ask()), [self.scores(jets(1, i)).tobytes() for i in range(10)])

    def test_compression(self):
        for algorithm in ("gzip", "deflate"):
            result = self.clients[grpcclient].infer("jets", inputs_of(grpcclient, jets(9)), compression_algorithm=algorithm)
            self.assertEqual(result.as_numpy("scores").tobytes(), self.scores(jets(9)).tobytes())
            result = self.clients[httpclient].infer("jets", inputs_of(httpclient, jets(9)),
                                                    request_compression_algorithm=algorithm,
                                                    response_compression_algorithm=algorithm)
            self.assertEqual(result.as_numpy("scores").tobytes(), self.scores(jets(9)).tobytes())

    def test_statistics(self):
        self.scores(jets(3))
        stats = self.clients[grpcclient].get_inference_statistics("jets").model_stats[0]
        self.assertGreaterEqual(stats.inference_count, 3)
        self.assertGreater(stats.inference_stats.success.count, 0)
        self.assertGreater(stats.batch_stats[0].compute_infer.ns, 0)

    def test_metrics(self):
        self.scores(jets(3))
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.ports['Metrics Service']}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        whose = 'model="jets",version="1"'
        self.assertGreaterEqual(int(values["nv_inference_count{%s}" % whose]), 3)
        self.assertEqual(values['nv_inference_request_failure{%s,reason="BACKEND"}' % whose], "0")
        self.assertEqual(values['engine_request_duration_seconds_bucket{%s,le="+Inf"}' % whose],
                         values["nv_inference_request_success{%s}" % whose])

    def test_repository(self):
        for library, client in self.each():
            as_dict = library is grpcclient
            index = client.get_model_repository_index(as_json=True)["models"] if as_dict else client.get_model_repository_index()
            self.assertEqual({entry["name"] for entry in index}, {"jets", "plain"})
            client.load_model("plain")
            self.assertTrue(client.is_model_ready("plain", "3"))
            result = client.infer("plain", inputs_of(library, jets(2)))
            self.assertEqual(result.as_numpy("scores").tobytes(), self.scores(jets(2)).tobytes())
            client.unload_model("plain")
            self.assertFalse(client.is_model_ready("plain"))
            with self.assertRaises(InferenceServerException):
                client.load_model("nope")
            files = {"file:1/model.onnx": (ROOT / "models" / "jet_tagger.onnx").read_bytes()}
            client.load_model("fresh", config='{"max_batch_size": 8}', files=files)
            self.assertEqual(client.infer("fresh", inputs_of(library, jets(1))).as_numpy("scores").shape, (1, 5))
            client.unload_model("fresh")

    def test_settings(self):
        client = self.clients[grpcclient]
        self.assertIn("log_info", client.get_log_settings().settings)
        self.assertIn("trace_level", client.get_trace_settings().settings)
        with self.assertRaises(InferenceServerException):
            client.register_cuda_shared_memory("c", b"eHh4", 0, 8)


@unittest.skipUnless(shutil.which("openssl"), "openssl is missing")
class Tls(unittest.TestCase):
    """Certificates of an own authority, for the server and for a client."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.make("authority")
        for name in ("server", "client"):
            self.make(name, signed_by="authority")

    def path(self, name):
        return str(Path(self.folder.name) / name)

    def make(self, name, signed_by=None):
        request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                   "-keyout", self.path(name + ".key"), "-out", self.path(name + ".crt")]
        if signed_by:
            request += ["-CA", self.path(signed_by + ".crt"), "-CAkey", self.path(signed_by + ".key"),
                        "-addext", "basicConstraints=critical,CA:FALSE"]
        subprocess.run(request, check=True, capture_output=True)

    def options(self):
        return ["--grpc-server-cert", self.path("server.crt"), "--grpc-server-key", self.path("server.key")]

    def rows(self, port, **options):
        with grpcclient.InferenceServerClient(f"localhost:{port}", ssl=True, root_certificates=self.path("authority.crt"),
                                              **options) as client:
            return client.infer("jets", inputs_of(grpcclient, jets(2)), client_timeout=30).as_numpy("scores").shape[0]

    def test_server(self):
        server = Served("--grpc-use-ssl", "1", *self.options())
        try:
            port = server.ports["GRPCInferenceService"]
            self.assertEqual(self.rows(port), 2)
            with self.assertRaises(InferenceServerException):
                grpcclient.InferenceServerClient(f"localhost:{port}").is_server_live(client_timeout=2)
        finally:
            self.assertEqual(server.end(), 0)

    def test_mutual(self):
        server = Served("--grpc-use-ssl-mutual", "1", "--grpc-root-cert", self.path("authority.crt"), *self.options())
        try:
            port = server.ports["GRPCInferenceService"]
            mine = {"private_key": self.path("client.key"), "certificate_chain": self.path("client.crt")}
            self.assertEqual(self.rows(port, **mine), 2)
            with self.assertRaises(InferenceServerException):
                self.rows(port)
        finally:
            self.assertEqual(server.end(), 0)


class Descriptors(unittest.TestCase):
    """Our protos have the names, numbers and types of those that tritonclient was made with."""

    def test_equal(self):
        from google.protobuf import descriptor_pb2, descriptor_pool
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run(["protoc", f"--descriptor_set_out={file.name}", "--include_imports", "-I", ROOT / "src",
                            ROOT / "src" / "serve" / "proto" / "grpc_service.proto"], check=True)
            own = descriptor_pb2.FileDescriptorSet.FromString(Path(file.name).read_bytes())
        pool = descriptor_pool.DescriptorPool()
        for proto in own.file:
            pool.Add(proto)
        compared = 0
        for theirs in (service_pb2.DESCRIPTOR, model_config_pb2.DESCRIPTOR):
            for name, message in theirs.message_types_by_name.items():
                compared += self.compare(message, pool.FindMessageTypeByName(f"inference.{name}"))
        self.assertGreater(compared, 100)
        ours = pool.FindServiceByName("inference.GRPCInferenceService")
        for name, method in service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"].methods_by_name.items():
            mine = ours.methods_by_name[name]
            self.assertEqual((mine.input_type.full_name, mine.output_type.full_name),
                             (method.input_type.full_name, method.output_type.full_name))

    def compare(self, theirs, ours):
        def shape(field):
            return (field.name, field.type, field.label if hasattr(field, "label") else None,
                    field.message_type and field.message_type.full_name, field.enum_type and field.enum_type.full_name)
        self.assertEqual({number: shape(field) for number, field in theirs.fields_by_number.items()},
                         {number: shape(field) for number, field in ours.fields_by_number.items()}, theirs.full_name)
        for name, enum in theirs.enum_types_by_name.items():
            self.assertEqual({v.number: v.name for v in enum.values},
                             {v.number: v.name for v in ours.enum_types_by_name[name].values})
        return 1 + sum(self.compare(nested, ours.nested_types_by_name[name])
                       for name, nested in theirs.nested_types_by_name.items())


if __name__ == "__main__":
    unittest.main()
