"""Detectors: the catalogue, sessions and heads. The only importer of onnxruntime."""
