#!/bin/sh
# Take out of a virtual environment what no container reads; the program itself stays whole.
# usage: slim.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$1/bin/pip" uninstall --quiet --yes pip setuptools 2> /dev/null
cd "$1"/lib/python3.*/site-packages
# Tests, and what compilers and type checkers read.
find . -depth -type d -name tests -exec rm -r {} +
for kind in pyi pyx pxd h hpp c a; do find . -type f -name "*.$kind" -delete; done
rm -rf sqlalchemy/testing numpy/f2py
# onnxruntime once more, for programs in C: Python's module holds all of it itself.
rm -f onnxruntime/capi/libonnxruntime.so.*
# Recipes for models that only their converters know.
rm -rf onnxruntime/transformers onnxruntime/datasets
# Compiled files of what the program never imports.
find . -depth -type d -name __pycache__ -exec rm -r {} +
"$1/bin/python" "$here/compile_used.py"
