"""What onnxruntime's errors are to us, and in which words they are told."""

import re
from collections.abc import Mapping

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelShapeError

ERRORS: Mapping[str, type[ModelError]] = {
    "NoSuchFile": ModelMissing,
    "NoModel": ModelMissing,
    "NotFound": ModelMissing,
    "InvalidProtobuf": ModelCorrupt,
    "InvalidGraph": ModelCorrupt,
    "InvalidArgument": ModelShapeError,
    "RuntimeException": ModelError,
    "Fail": ModelCorrupt,
    "NotImplemented": ModelError,
    "EngineError": ModelError,
    "EPFail": ModelError,
    "DeviceReset": ModelError,
    "ModelLoaded": ModelError,
    "ModelLoadCanceled": ModelError,
    "ModelRequiresCompilation": ModelError,
}
"""Every error class of onnxruntime by name, and what it is to us when a graph is run."""

OPEN_ERRORS: Mapping[str, type[ModelError]] = {**ERRORS, "InvalidArgument": ModelCorrupt}
"""The same when a graph is opened: a file without a graph is an invalid argument there."""

CURES: Mapping[str, str] = {
    r"external data|external_data|external initializer": (
        "it keeps its weights in a second file, which a catalogue does not; put both together: "
        "onnx.save(onnx.load(FILE), NEW_FILE), and import that"
    ),
    r"IR version|IR_VERSION|model_proto.ir_version": (
        "it was written for a newer ONNX than this onnxruntime reads; export it again with an "
        "older opset (17), or upgrade onnxruntime"
    ),
    r"opset .*(under development|not supported|till opset)|No Op registered|No opset import": (
        "it uses operations that this onnxruntime does not know; export it again with an older "
        "opset (17) and without operations of its own"
    ),
    r"allocat|bad_alloc|out of memory|MemoryError|length_error|Integer overflow|SafeInt": (
        "it asks for more memory than a model is given"
    ),
}
"""What a message of onnxruntime, found by pattern, means for whoever brought the file."""


def our_error(
    name: str, message: str, where: str, errors: Mapping[str, type[ModelError]]
) -> ModelError:
    """The error of class `name` of onnxruntime as ours; an unknown one is a ModelError."""
    first_line = message.splitlines()[0] if message else name
    cure = next((cure for pattern, cure in CURES.items() if re.search(pattern, message, re.I)), "")
    return errors.get(name, ModelError)(f"{where}: {cure or first_line}")
