"""docker-compose.yml and Dockerfile: their shape, and that they fit the program.

No container engine is needed: what Docker would interpolate is interpolated here.
"""

import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from patrol.cli import app
from patrol.commands.output import CONFIG_VARIABLE, DATA_VARIABLE
from settings.config import WORKER_VARIABLE
from settings.loading import load

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:?[?-])?([^}]*)\}")
SECRETS = {
    "BUS_PASSWORD", "DATABASE_PASSWORD", "HS_CAMERA_USER", "HS_CAMERA_PASSWORD",
    "PATROL_LOGIN_USER", "PATROL_LOGIN_HASH",
}  # fmt: skip
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
TRYING = ROOT / "docker" / "trying" / "compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def filled(value: Any, variables: dict[str, str]) -> Any:
    """A part of the file as Docker would read it with these variables set."""
    if isinstance(value, dict):
        return {key: filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, variables) for each in value]
    if isinstance(value, str):
        return VARIABLE.sub(lambda m: variables.get(m[1], m[3]), value).replace("$$", "$")
    return value


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    secrets = {name: f"{name.lower()}1" for name in SECRETS}
    return dict(filled(yaml.safe_load(TEXT), secrets)["services"])


def test_no_secret_has_a_default() -> None:
    for name, operator, _ in VARIABLE.findall(TEXT):
        assert (operator == ":?") == (name in SECRETS), name


def test_the_example_names_every_variable() -> None:
    example = (ROOT / "docker" / "env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    assert named == {name for name, *_ in VARIABLE.findall(TEXT)} - {"PATROL_VERSION"}


def test_every_service_is_watched_and_comes_back(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
        assert service["logging"]["options"]["max-size"], name


def test_services_wait_for_healthy_ones(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services
            assert how == {"condition": "service_healthy"}


def test_only_the_proxy_can_be_reached(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"center": ["443:443"]}
    assert services["proxy"]["network_mode"] == "service:center"
    caddyfile = (ROOT / "docker" / "Caddyfile").read_text(encoding="utf-8")
    assert "reverse_proxy 127.0.0.1:8780" in caddyfile
    assert "basic_auth" in caddyfile


def test_volumes_and_files_are_there(services: dict[str, dict[str, Any]]) -> None:
    volumes = yaml.safe_load(TEXT)["volumes"]
    for service in services.values():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in volumes


@pytest.mark.parametrize("name", ["center", "edge-1", "edge-2"])
def test_the_program_understands_its_service(
    services: dict[str, dict[str, Any]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = services[name]
    (command,) = service["command"]
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert {CONFIG_VARIABLE, DATA_VARIABLE} <= set(re.findall(r"PATROL_\w+", shown.output))

    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, value)
    file, _, place = service["volumes"][0].removesuffix(":ro").partition(":")
    assert place == service["environment"][CONFIG_VARIABLE]
    assert f"{DATA_VARIABLE}={service['volumes'][1].partition(':')[2]}\n" in DOCKERFILE
    town = load(ROOT / file)
    assert town.bus.url == "redis://:bus_password1@bus:6379/0"
    if name != "center":
        assert town.share(service["environment"][WORKER_VARIABLE]).id == name
        assert f"{name}:/data" in service["volumes"]
    if name == "center":
        assert town.database_url.startswith("postgresql+psycopg://patrol:database_password1@")
        assert town.console.host == "127.0.0.1"
        assert town.console.port == 8780


def test_the_image_is_small_in_rights() -> None:
    last_stage = DOCKERFILE.split("\nFROM ")[-1]
    assert "USER patrol" in last_stage
    assert "HEALTHCHECK" in last_stage
    assert 'ENTRYPOINT ["patrol"]' in last_stage


def test_every_builder_can_read_the_dockerfiles() -> None:
    """Builders older than BuildKit's syntax 1.4 know no here-documents."""
    for dockerfile in (ROOT / "Dockerfile", ROOT / "docker" / "trying" / "Dockerfile"):
        assert "<<" not in dockerfile.read_text(encoding="utf-8"), dockerfile


def test_a_health_check_is_there_for_every_part() -> None:
    known = set(runpy.run_path(str(ROOT / "docker" / "health.py"))["CHECKS"])
    compositions = TEXT, TRYING.read_text(encoding="utf-8")
    asked = set(re.findall(r"patrol-health, (\w+)", "".join(compositions)))
    asked |= set(re.findall(r'"patrol-health", "(\w+)"', DOCKERFILE))
    assert asked == known
    assert re.search(r'CMD \["patrol-health", "(\w+)"\]', DOCKERFILE)[1] == "up"  # type: ignore[index]
    assert 'CMD ["up"]' in DOCKERFILE


def test_the_image_installs_what_is_locked() -> None:
    told = re.search(r"ARG EXTRAS=(\S+)", DOCKERFILE)
    assert told
    assert "openvino" not in told[1]
    assert all((ROOT / "requirements" / f"{extra}.lock").is_file() for extra in told[1].split(","))
    assert DOCKERFILE.count("--require-hashes") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--warp"], "unknown argument: --warp"),
        (["--ca", "nowhere.pem"], "--ca: expected a file, got nowhere.pem"),
        (["--pip-conf"], "--pip-conf: expected a file, got nothing"),
        (["--seconds", "soon"], "--seconds: expected a number, got soon"),
    ],
)
def test_who_tries_containers_wrongly_is_told(arguments: list[str], said: str) -> None:
    """Before anything is installed or made."""
    command = [str(ROOT / "scripts" / "try-containers"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{said}\nBuild the image")


def test_what_is_tried_is_the_composition_with_cameras(
    services: dict[str, dict[str, Any]],
) -> None:
    more = yaml.safe_load(TRYING.read_text(encoding="utf-8"))["services"]
    assert set(more) == {"cameras"}
    assert not set(more) & set(services)


def test_the_image_gets_every_package_and_nothing_else() -> None:
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    packages = {path.parent.name for path in ROOT.glob("*/py.typed")}
    assert allowed[0] == "*"
    built_by = {"docker", "requirements", "setup.py", "pyproject.toml", "README.md", "LICENSE"}
    assert packages | built_by == {
        line.removeprefix("!") for line in allowed if line.startswith("!")
    }


def test_every_worker_of_the_town_has_its_service(
    services: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in services["center"]["environment"].items():
        monkeypatch.setenv(variable, value)
    started = [
        service["environment"][WORKER_VARIABLE]
        for service in services.values()
        if WORKER_VARIABLE in service.get("environment", {})
    ]
    town = load(ROOT / "configs" / "huangshui.yaml")
    assert started == list(town.worker_ids)
    assert all(town.share(worker_id).cameras for worker_id in started)
