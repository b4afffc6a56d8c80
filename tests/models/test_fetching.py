"""Fetching over real HTTP connections, which break."""

import fcntl
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelUnreachable
from models.catalogue.fetching import Patience, Wanted, client, fetch
from tests.models.file_server import Served, serving

BODY = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(BODY).hexdigest()
AT_ONCE = Patience(cuts_in_a_row=3, pause_s=0)


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with client() as http:
        yield http


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(BODY) as served:
        yield served


def test_a_file_comes_whole_and_nothing_is_left_beside_it(
    tmp_path: Path, http: Client, served: Served
) -> None:
    seen = []
    target = tmp_path / "deep" / "m.onnx"
    wanted = Wanted(served.url, len(BODY), SHA256)
    assert fetch(wanted, target, http, progress=lambda *done: seen.append(done)) == SHA256
    assert target.read_bytes() == BODY
    assert [path.name for path in target.parent.iterdir()] == ["m.onnx"]
    assert seen[-1] == (len(BODY), len(BODY))


def test_nothing_need_be_known_of_it(tmp_path: Path, http: Client, served: Served) -> None:
    assert fetch(Wanted(served.url), tmp_path / "m.onnx", http) == SHA256


def test_redirects_are_followed(tmp_path: Path, http: Client, served: Served) -> None:
    url = served.url.replace("/m.onnx", "/moved/m.onnx")
    assert fetch(Wanted(url, len(BODY), SHA256), tmp_path / "m.onnx", http) == SHA256


def test_a_cut_connection_goes_on_where_it_was(
    tmp_path: Path, http: Client, served: Served
) -> None:
    served.cut_after = [100_000, 1, 200_000]
    wanted = Wanted(served.url, len(BODY), SHA256)
    assert fetch(wanted, tmp_path / "m.onnx", http, patience=AT_ONCE) == SHA256
    assert served.asked == [None, "bytes=100000-", "bytes=100001-", "bytes=300001-"]


def test_a_restarted_program_goes_on_where_it_was(
    tmp_path: Path, http: Client, served: Served
) -> None:
    target = tmp_path / "m.onnx"
    served.cut_after = [100_000, 0, 0, 0]
    with pytest.raises(ModelUnreachable, match="again and again without a new byte"):
        fetch(Wanted(served.url, len(BODY), SHA256), target, http, patience=AT_ONCE)
    assert not target.exists()
    assert (tmp_path / "m.onnx.part").stat().st_size == 100_000
    assert fetch(Wanted(served.url, len(BODY), SHA256), target, http, patience=AT_ONCE) == SHA256
    assert served.asked[-1] == "bytes=100000-"


def test_a_version_that_was_replaced_meanwhile_starts_anew(
    tmp_path: Path, http: Client, served: Served
) -> None:
    served.cut_after = [100_000, 0, 0, 0]
    with pytest.raises(ModelUnreachable):
        fetch(Wanted(served.url), tmp_path / "m.onnx", http, patience=AT_ONCE)
    served.body, served.mark = BODY[::-1], '"v2"'
    fetch(Wanted(served.url), tmp_path / "m.onnx", http, patience=AT_ONCE)
    assert (tmp_path / "m.onnx").read_bytes() == BODY[::-1]


def test_a_server_without_ranges_starts_anew(tmp_path: Path, http: Client, served: Served) -> None:
    served.ranges, served.cut_after = False, [100_000]
    wanted = Wanted(served.url, len(BODY), SHA256)
    assert fetch(wanted, tmp_path / "m.onnx", http, patience=AT_ONCE) == SHA256


@pytest.mark.parametrize("known", [None, len(BODY)])
def test_what_was_all_here_is_not_fetched_again(
    tmp_path: Path, http: Client, served: Served, known: int | None
) -> None:
    (tmp_path / "m.onnx.part").write_bytes(BODY)
    assert fetch(Wanted(served.url, known, SHA256), tmp_path / "m.onnx", http) == SHA256
    assert served.asked == ([] if known else [f"bytes={len(BODY)}-"])


def test_more_than_there_is_starts_anew(tmp_path: Path, http: Client, served: Served) -> None:
    (tmp_path / "m.onnx.part").write_bytes(BODY + b"and more")
    assert fetch(Wanted(served.url, None, SHA256), tmp_path / "m.onnx", http) == SHA256


def test_a_wrong_hash_is_thrown_away(tmp_path: Path, http: Client, served: Served) -> None:
    with pytest.raises(ModelCorrupt, match=rf"sha256 {'0' * 64}; got {len(BODY)} bytes, sha256"):
        fetch(Wanted(served.url, len(BODY), "0" * 64), tmp_path / "m.onnx", http)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_size_is_refused_before_a_byte_is_kept(
    tmp_path: Path, http: Client, served: Served
) -> None:
    with pytest.raises(ModelCorrupt, match=f"expected 5 bytes, the server offers {len(BODY)}"):
        fetch(Wanted(served.url, 5, SHA256), tmp_path / "m.onnx", http)
    assert (tmp_path / "m.onnx.part").stat().st_size == 0


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (404, ModelMissing, "has no such file"),
        (410, ModelMissing, "has no such file"),
        (403, ModelError, "the server answered 403"),
        (503, ModelError, "the server answered 503"),
    ],
)
def test_a_refusal_is_told(
    tmp_path: Path, http: Client, served: Served, status: int, kind: type, said: str
) -> None:
    served.status = status
    with pytest.raises(kind, match=said):
        fetch(Wanted(served.url), tmp_path / "m.onnx", http)


def test_nobody_there_is_told_at_once(tmp_path: Path, http: Client) -> None:
    with pytest.raises(ModelUnreachable, match="cannot be reached"):
        fetch(Wanted("http://127.0.0.1:1/m.onnx"), tmp_path / "m.onnx", http)


def test_a_full_disk_is_told_before_it_is_full(
    tmp_path: Path, http: Client, served: Served
) -> None:
    with pytest.raises(ModelError, match=r"expected 65 MiB free for .*, there are 2 MiB"):
        fetch(Wanted(served.url), tmp_path / "m.onnx", http, free_bytes=lambda _: 2 << 20)


def test_two_do_not_write_one_file(tmp_path: Path, http: Client, served: Served) -> None:
    with (tmp_path / "m.onnx.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="another process is fetching this file"):
            fetch(Wanted(served.url), tmp_path / "m.onnx", http)
