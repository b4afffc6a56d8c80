"""Detectors at run time: the catalogue, sessions and heads. The only importer of onnxruntime."""

import os

# Since 1.29 onnxruntime's own builds tell their maker of every model that is opened, and keep a
# number for the machine in the home directory. Read once, when it is imported: so before that.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
