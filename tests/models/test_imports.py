import subprocess
import sys

HEAVY = "torch", "ultralytics", "onnx", "pycocotools"


def test_the_runtime_needs_no_training_libraries() -> None:
    imports = "import sys, models.catalogue.summary, models.detector"
    code = f"{imports}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
