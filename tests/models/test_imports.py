import os
import subprocess
import sys
from pathlib import Path

HEAVY = "torch", "ultralytics", "onnx", "pycocotools"


def test_the_runtime_needs_no_training_libraries() -> None:
    imports = "import sys, models.summary, models.speed"
    code = f"{imports}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_runtime_tells_nobody_what_it_does(tmp_path: Path) -> None:
    """onnxruntime leaves a database of what it would send in the home directory. It is silent on
    CI's machines by itself, which would hide that it is not elsewhere."""
    env = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD")}
    env = {name: value for name, value in env.items() if not name.startswith(("ORT_", "GITHUB_"))}
    code = (
        "from pathlib import Path; from models.session import Session; import models; "
        "import onnxruntime; weights = Path(models.__file__).parent / 'weights' / 'patrol-n.onnx'; "
        "onnxruntime.InferenceSession(str(weights), providers=['CPUExecutionProvider'])"
    )
    told = {**env, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", code], env=told, check=True)
    assert not list(tmp_path.rglob("*"))
