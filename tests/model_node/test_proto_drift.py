"""The committed generated code says what protos/ says."""

from __future__ import annotations

import inspect
from importlib.resources import files
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from model_node.v1 import model_node_pb2, model_node_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]


def described(tmp_path: Path) -> descriptor_pb2.FileDescriptorProto:
    out = tmp_path / "set.bin"
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={ROOT / 'protos'}",
            f"--proto_path={files('grpc_tools') / '_proto'}",
            f"--descriptor_set_out={out}",
            "model_node/v1/model_node.proto",
        ]
    )
    assert status == 0
    return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file[0]


def test_generated_messages_are_those_of_the_proto(tmp_path: Path) -> None:
    # Descriptors, not text: the generator's version changes the text, and scripts/generate-protos pins an old one.
    committed = descriptor_pb2.FileDescriptorProto.FromString(model_node_pb2.DESCRIPTOR.serialized_pb)
    fresh = described(tmp_path)
    fresh.ClearField("source_code_info")
    for message in fresh.message_type:
        for field in message.field:
            field.ClearField("json_name")
    for message in committed.message_type:
        for field in message.field:
            field.ClearField("json_name")
    assert committed == fresh, "run scripts/generate-protos"


def test_generated_types_name_every_message(tmp_path: Path) -> None:
    types = (ROOT / "model_node" / "v1" / "model_node_pb2.pyi").read_text()
    for message in described(tmp_path).message_type:
        assert f"class {message.name}(" in types, "run scripts/generate-protos"
        for field in message.field:
            assert f"    {field.name}: " in types, f"{message.name}.{field.name}: run scripts/generate-protos"


def test_generated_service_has_every_method_of_the_proto(tmp_path: Path) -> None:
    stub = inspect.getsource(model_node_pb2_grpc.ModelNodeStub)
    methods = described(tmp_path).service[0].method
    assert len(methods) == stub.count("self.")
    for method in methods:
        kind = "unary_stream" if method.server_streaming else "unary_unary"
        assert f"self.{method.name} = channel.{kind}(" in stub, "run scripts/generate-protos"
