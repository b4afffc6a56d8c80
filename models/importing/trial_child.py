"""The other side of `models.importing.trial`: a process of its own, for a file nobody vouches for.

Started as `python -m models.importing.trial_child FILE MEMORY_BYTES CPU_SECONDS`. It answers each
request on standard input with one on standard output: a line of JSON, and after it as many bytes as
that line announces. The first answer, which nobody asked for, is what the graph says of itself. A
request is a float32 tensor of pictures in numpy's own file form.

It imports as little as it can: what it costs to start is paid at each import of a model.
"""

import io
import json
import resource
import sys
from typing import Any, BinaryIO

import numpy as np
import onnxruntime as ort

MAX_OUTPUT_BYTES = 256 << 20
"""Of one run; the largest known, YOLO11x at 1280 with 80 classes, is 11 MB a picture."""
LOG_FATAL_ONLY = 4


def main() -> None:
    file, memory_bytes, cpu_s = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = sys.stdout.buffer
    try:
        session = ort.InferenceSession(file, _options(), providers=["CPUExecutionProvider"])
        _answer(answers, **_facts(session))
        name = session.get_inputs()[0].name
        while size_bytes := int(sys.stdin.buffer.readline() or 0):
            pictures = np.load(io.BytesIO(sys.stdin.buffer.read(size_bytes)), allow_pickle=False)
            _answer_output(answers, session, {name: pictures})
    except Exception as error:  # each is told by name, and judged by who asked
        _answer(answers, error=type(error).__name__, message=str(error)[:2000])


def _answer_output(answers: BinaryIO, session: Any, pictures: dict[str, Any]) -> None:
    output = np.asarray(session.run(None, pictures)[0])
    if output.nbytes > MAX_OUTPUT_BYTES:
        _answer(answers, error="TooLarge", message=f"an output of shape {list(output.shape)}")
        return
    body = io.BytesIO()
    np.save(body, output.astype(np.float32), allow_pickle=False)
    _answer(answers, body.getvalue(), output=True)


def _facts(session: Any) -> dict[str, Any]:
    return {
        "inputs": [[one.name, one.type, _sizes(one.shape)] for one in session.get_inputs()],
        "outputs": [[one.name, one.type, _sizes(one.shape)] for one in session.get_outputs()],
        "metadata": dict(session.get_modelmeta().custom_metadata_map),
    }


def _sizes(shape: list[Any]) -> list[int | None]:
    return [size if isinstance(size, int) and size > 0 else None for size in shape]


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = LOG_FATAL_ONLY
    return options


def _answer(answers: BinaryIO, body: bytes = b"", **said: Any) -> None:
    answers.write(json.dumps({**said, "bytes": len(body)}).encode() + b"\n" + body)
    answers.flush()


if __name__ == "__main__":
    main()
