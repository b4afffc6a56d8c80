"""From a name to a model in the catalogue, over a real HTTP server."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelUnreachable
from models.catalogue.catalog import Catalog
from models.catalogue.downloads import Download, download_named, downloads
from models.catalogue.fetching import Patience, client
from models.catalogue.licences import MEANINGS, UNKNOWN, meaning
from models.catalogue.pulling import Pulled, pull
from tests.models import graphs
from tests.models.file_server import Served, serving

AT_ONCE = Patience(cuts_in_a_row=2, pause_s=0)


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with client() as http:
        yield http


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    body = graphs.yolox_graph(tmp_path / "source.onnx").read_bytes()
    with serving(body, "yolox.onnx") as served:
        yield served


def _download(served: Served, **changes: Any) -> Download:
    facts = {
        "name": "colours",
        "url": served.url,
        "size_bytes": len(served.body),
        "sha256": hashlib.sha256(served.body).hexdigest(),
        "checksum": "agreed",
        "licence": "Apache-2.0",
        "origin": "A test",
        "head": "yolox",
        "input_wh": (64, 64),
        "labels": graphs.BGR_LABELS,
    }
    return Download.model_validate(facts | changes)


def _checkpoint(served: Served, **changes: Any) -> Download:
    url = served.url.replace(".onnx", ".pt")
    facts = {"url": url, "head": None, "labels": None, "input_wh": None, "licence": "AGPL-3.0"}
    return _download(served, **(facts | changes))


def test_what_is_pulled_is_in_the_catalogue_with_its_licence(
    tmp_path: Path, http: Client, served: Served
) -> None:
    catalog = Catalog(tmp_path / "models")
    pulled = pull(catalog, tmp_path / "models", _download(served), http)
    assert pulled.verified
    assert catalog.path("colours").read_bytes() == served.body
    assert pulled.entry.licence == "Apache-2.0"
    assert pulled.entry.origin == f"A test: yolox.onnx, sha256 {pulled.sha256}"
    assert list((tmp_path / "models" / "downloads").iterdir()) == []


def test_what_is_here_is_not_fetched_again(tmp_path: Path, http: Client, served: Served) -> None:
    folder = tmp_path / "models"
    pull(Catalog(folder), folder, _download(served), http)
    assert pull(Catalog(folder), folder, _download(served), http).was_here
    assert len(served.asked) == 1


def test_without_a_hash_it_is_tried_out_and_its_hash_is_told(
    tmp_path: Path, http: Client, served: Served
) -> None:
    folder = tmp_path / "models"
    download = _download(served, sha256=None, checksum="unknown")
    pulled = pull(Catalog(folder), folder, download, http)
    assert not pulled.verified
    assert pulled.sha256 == hashlib.sha256(served.body).hexdigest()


def test_a_file_that_is_no_model_is_not_registered(
    tmp_path: Path, http: Client, served: Served
) -> None:
    served.body = b"<html>Please log in to the hotel's network</html>"
    download = _download(served, size_bytes=None, sha256=None, checksum="unknown")
    with pytest.raises(ModelCorrupt):
        pull(Catalog(tmp_path / "models"), tmp_path / "models", download, http)
    with pytest.raises(ModelMissing):
        Catalog(tmp_path / "models").get("colours")


def test_a_login_page_in_its_place_does_not_stay(
    tmp_path: Path, http: Client, served: Served
) -> None:
    """Whether it is found out by the import or, of a checkpoint, by the conversion."""

    def convert(
        checkpoint: Path,
        target: Path,
        input_wh: tuple[int, int],
        classes: Sequence[str] = (),
        *,
        half: bool = True,
        licence: str = "",
    ) -> Path:
        if b"html" in checkpoint.read_bytes():
            raise ModelCorrupt(f"{checkpoint}: not a checkpoint")
        return graphs.yolov8_graph(target, metadata=graphs.export_metadata())

    unknown: dict[str, Any] = {"size_bytes": None, "sha256": None, "checksum": "unknown"}
    body, folder = served.body, tmp_path / "models"
    for download in (_download(served, **unknown), _checkpoint(served, **unknown, name="pt")):
        served.body = b"<html>Please log in to the hotel's network</html>"
        with pytest.raises(ModelCorrupt):
            pull(Catalog(folder), folder, download, http, convert=convert)
        served.body = body
        pulled = pull(Catalog(folder), folder, download, http, convert=convert)
        assert pulled.sha256 == hashlib.sha256(body).hexdigest()


def test_without_internet_it_says_how_to_bring_it_in(
    tmp_path: Path, http: Client, served: Served
) -> None:
    download = _download(served, url="http://127.0.0.1:1/yolox.onnx")
    with pytest.raises(ModelUnreachable) as caught:
        pull(Catalog(tmp_path / "models"), tmp_path / "models", download, http, patience=AT_ONCE)
    assert (
        "patrol models import yolox.onnx --name colours --head yolox --input-size 64,64 "
        "--labels 'blue,green,red' --licence Apache-2.0"
    ) in str(caught.value)


def test_a_checkpoint_is_converted_and_named_in_the_origin(
    tmp_path: Path, http: Client, served: Served
) -> None:
    def convert(
        checkpoint: Path,
        target: Path,
        input_wh: tuple[int, int],
        classes: Sequence[str] = (),
        *,
        half: bool = True,
        licence: str = "",
    ) -> Path:
        assert (input_wh, list(classes), half) == ((64, 64), [], True)
        metadata = graphs.export_metadata()
        return graphs.yolov8_graph(target, metadata=metadata)

    folder = tmp_path / "models"
    pulled = pull(
        Catalog(folder), folder, _checkpoint(served), http, input_wh=(64, 64), convert=convert
    )
    assert (pulled.entry.head, pulled.entry.labels) == ("yolov8", graphs.RGB_LABELS)
    assert pulled.entry.origin.startswith("A test: yolox.pt, sha256 ")
    assert pulled.entry.sha256 != pulled.sha256
    assert list((folder / "downloads").iterdir()) == []


def test_another_model_under_the_same_name_is_not_here_already(
    tmp_path: Path, http: Client, served: Served
) -> None:
    def convert(
        checkpoint: Path,
        target: Path,
        input_wh: tuple[int, int],
        classes: Sequence[str] = (),
        *,
        half: bool = True,
        licence: str = "",
    ) -> Path:
        return graphs.yolov8_graph(target, metadata=graphs.export_metadata(tuple(classes)))

    folder = tmp_path / "models"
    words = ["cart", "stall", "parasol"]
    download = _checkpoint(served, open_vocabulary=True)

    def again(download: Download = download, **asked: Any) -> Pulled:
        return pull(Catalog(folder), folder, download, http, convert=convert, **asked)

    assert not again(classes=words).was_here
    assert again(classes=words).was_here
    assert again(classes=words, input_wh=(64, 64)).was_here
    said = r"colours is another model here \(A test: yolox\.pt.*64,64; finds cart, .*give --name"
    for asked in ({"classes": ["cart", "dog", "cat"]}, {"classes": words, "input_wh": (96, 64)}):
        with pytest.raises(ModelError, match=said):
            again(**asked)
    other = _download(served, sha256="0" * 64)
    with pytest.raises(ModelError, match=said):
        again(other)
    assert again(classes=["x", "y", "z"], name="other").entry.labels == ("x", "y", "z")


def test_a_checkpoint_without_the_extra_waits_for_it(
    tmp_path: Path, http: Client, served: Served
) -> None:
    folder = tmp_path / "models"
    for _ in range(2):
        with pytest.raises(ModelError, match=r"pip install -e '\.\[train\]'") as refused:
            pull(Catalog(folder), folder, _checkpoint(served), http)
        assert "patrol models export FILE" in str(refused.value)
    assert len(served.asked) == 1
    assert (folder / "downloads" / "yolox.pt").read_bytes() == served.body


@pytest.mark.parametrize(
    ("changes", "asked", "said"),
    [
        ({"open_vocabulary": True}, {}, "expected --classes"),
        ({}, {"classes": ["cart"]}, "leave out --classes"),
    ],
)
def test_classes_are_for_models_that_can_be_told(
    tmp_path: Path,
    http: Client,
    served: Served,
    changes: dict[str, bool],
    asked: dict[str, Any],
    said: str,
) -> None:
    download = _checkpoint(served, **changes)
    with pytest.raises(ModelError, match=said):
        pull(Catalog(tmp_path), tmp_path, download, http, **asked)
    assert served.asked == []


def test_an_onnx_file_has_its_own_input_size(tmp_path: Path, http: Client, served: Served) -> None:
    with pytest.raises(ModelError, match="leave out --input-size"):
        pull(Catalog(tmp_path), tmp_path, _download(served), http, input_wh=(640, 384))


def test_an_interrupted_pull_goes_on(tmp_path: Path, http: Client, served: Served) -> None:
    folder = tmp_path / "models"
    served.cut_after = [1000, 0, 0]
    with pytest.raises(ModelUnreachable):
        pull(Catalog(folder), folder, _download(served), http, patience=AT_ONCE)
    pull(Catalog(folder), folder, _download(served), http, patience=AT_ONCE)
    assert served.asked[-1] == "bytes=1000-"


def test_every_known_download_is_whole_and_explained() -> None:
    known = downloads()
    assert len({download.name for download in known}) == len(known)
    assert all(download.url.startswith("https://github.com/") for download in known)
    assert {download.licence for download in known} <= set(MEANINGS)
    assert download_named("yolo11s-coco").is_checkpoint
    with pytest.raises(ModelMissing, match=r"no model yolo99 to pull, expected one of: .*yolox-s"):
        download_named("yolo99")


def test_names_do_not_clash_with_built_in_models(tmp_path: Path) -> None:
    builtin = {entry.name: entry.sha256 for entry in Catalog(tmp_path).entries()}
    assert all(builtin.get(each.name, each.sha256) == each.sha256 for each in downloads())


@pytest.mark.parametrize(
    "changes", [{"sha256": None}, {"head": None}, {"url": "https://example.org/m.zip"}]
)
def test_a_half_known_download_is_refused(served: Served, changes: dict[str, str | None]) -> None:
    with pytest.raises(ValueError, match=r"sha256|head|url"):
        _download(served, **changes)


def test_licences_are_told_in_plain_words() -> None:
    assert "network" in meaning("AGPL-3.0").en
    assert meaning("AGPL-3.0-or-later") == meaning("AGPL-3.0")
    assert meaning("not stated") == UNKNOWN
