"""No password of any shape survives `mask_secrets`."""

import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.masking import holds_secret, mask_secrets, mask_values
from domain.words import shown

WIDE = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in ":/@?&="})
SHAPES = (
    "rtsp://admin:{}@10.0.0.1:554/ch1",
    "RTSP://admin:{}@10.0.0.1:554/ch1",
    "rtsp://bob:{}@gate.local/x?sub=1",
    "rtsp：//admin:{}@10.0.0.1/ch1",
    "rtsp：／／admin：{}＠10.0.0.1／ch1",
    "rtsp://admin：{}＠10.0.0.1/ch1",
    "rtsp:/admin:{}@10.0.0.1/ch1",
    "rtsp:admin:{}@10.0.0.1/ch1",
    "rtsp//admin:{}@10.0.0.1/ch1",
    "rtsp;//admin:{}@10.0.0.1/ch1",
    "rtsp:\\\\admin:{}@10.0.0.1\\ch1",
    "rtsp:\\/\\/admin:{}@10.0.0.1\\/ch1",
    "//admin:{}@10.0.0.1/ch1",
    "admin:{}@10.0.0.1:554/ch1",
    "admin:{}@gate",
    ":{}@10.0.0.1",
    "onvif-x+y://admin:{}@10.0.0.1/ch1",
    "rtsp\u200b://admin:{}@10.0.0.1/ch1",
    "rtsp&#58;//admin&colon;{}&#x40;10.0.0.1/ch1",
    "redis://:{}@bus:6379/0",
    "postgresql+psycopg://patrol:{}@db/patrol",
    "file:///a/b,admin:{}@10.0.0.1",
    "rtsp://10.0.0.1/live?user=admin&password={}",
    "rtsp://10.0.0.1/live?user=admin&PWD={}&x=1",
    "rtsp：//10.0.0.1/live？user＝admin＆password＝{}",
    "rtsp%3A%2F%2F10.0.0.1%2Flive%3Fpassword%3D{}%26x%3D1",
    "rtsp://10.0.0.1/user=admin_password={}_channel=1_stream=0.sdp",
    "host=db user=patrol password={} dbname=patrol",
    "host=db password = '{}' user=patrol",
    'host=db password="{}" user=patrol',
    "CAMERA_PASSWORD={}",
    "PGPASSWORD={}",
    '{{"user": "a", "password": "{}"}}',
    "{{'user': 'a', 'db_password': '{}'}}",
    "password: {}",
    "  - pwd: {}",
    "valkey-server --requirepass {} --port 0",
    "patrol simulate --auth={}",
    "Authorization: Basic {}",
    "密码：{}",
    "口令是 {}",
    "rtsp://admin︰{}@10.0.0.1/ch1",
    "http-flv://admin:{}@10.0.0.1/x.flv",
    "AWS_SECRET_ACCESS_KEY={}",
    "secret_access_key: {}",
    '{{"secretAccessKey": "{}", "x": 1}}',
    '{{"userPassword": "{}"}}',
    "s3://bucket/x?secret_key={}&access_key=a",
    "https://bucket/x?X-Amz-Signature={}&x=1",
    "https://hooks.example.org/send?key={}",
    "https://hooks.example.org/send?sign={}&timestamp=1",
    "rtsp://10.0.0.1/cam?channel=1&authbasic={}",
    "token={}",
    "api_key: {}",
    "password : {}",
    "lost, password:{}",
    "db: {{user: a, password: {}, x: 1}}",
    "password: &anchor {}",
    "<Password>{}</Password>",
    '<wsse:Password Type="x#PasswordDigest">{}</wsse:Password>',
    "{{'password': b'{}'}}",
    "{{'passwd': u'{}'}}",
    "(b'Authorization', b'Basic {}')",
    'Authorization: Digest username="admin", nonce="n", response="{}"',
    "Cookie: session={}",
    "curl -u admin:{}",
    "${{CAMERA_PASSWORD:-{}}}",
    "postgresql://db/patrol?passwrd={}",
)
PASSWORDS = ("Zq7xYw", "p@ssZq7xYw", "aZq7x:Yw", "aZq7x/Yw", "Zq7xYw@@", "密码Zq7xYw", "Zq7x+Yw!")
TRACES = ("Zq7x", "Yw")


def traces(text: str) -> list[str]:
    return [trace for trace in TRACES if trace in text]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("password", PASSWORDS)
def test_no_shape_shows_its_password(shape: str, password: str) -> None:
    written = shape.format(password)
    for text in (
        written,
        f"cannot open '{written}': no answer",
        f"OSError('{written}')",
        json.dumps({"url": written, "mail": "duty@example.org"}, ensure_ascii=False),
        json.dumps([written]),
    ):
        masked = mask_secrets(text)
        assert not traces(masked), masked
        assert mask_secrets(masked) == masked


@given(
    scheme=st.sampled_from(
        ["rtsp://", "RTSP://", "rtsp:/", "rtsp//", "//", "", "ftp://", "x-y://"]
    ),
    user=st.text("abcXYZ019._-", min_size=1, max_size=8),
    noise=st.text("ab1@:/?#!$*+-_%&=.,", max_size=6),
    host=st.sampled_from(["10.0.0.1", "10.0.0.1:554", "gate.local", "[fd00::1]:554"]),
    dress=st.sampled_from([str, lambda t: t.translate(WIDE), lambda t: quote(t, safe="")]),
    around=st.sampled_from(["{}", "no answer of {}", "({})", "'{}',", "a=1 url={} b=2"]),
)
def test_no_address_however_written_shows_its_password(  # type: ignore[no-untyped-def]
    scheme: str, user: str, noise: str, host: str, dress, around: str
) -> None:
    address = f"{scheme}{user}:Zq7x{noise}Yw@{host}/ch1"
    assert not traces(mask_secrets(around.format(dress(address))))


@given(st.text(max_size=80))
def test_masking_twice_is_masking_once(text: str) -> None:
    masked = mask_secrets(text)
    assert mask_secrets(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://10.0.0.1:554/x@10.0.0.6/y",
        "rtsp://bob@h/x",
        "at 12:30 mail a@b",
        "patrol.yaml:9: cameras[0].url: expected rtsp://, rtsps://, file:// or a path",
        "http://[fd00::1]:8080/api?page=2",
        "2026-11-29T03:07:58+00:00 looks=12 rate=0.5",
        "user@host:22/x",
        "摄像机 gate：无数据, 已 12:30",
        "密码错误",
        "auth=digest",
        "Wrong user name or password: rtsp://10.0.0.1/x cannot be opened",
        "expected rtsp://host:port/path with a numeric port",
        "a basic challenge, then basic authentication",
        "2026-11-29T03:07:58Z <b>密码</b> token",
        "sqlite:////data/patrol.db?timeout=5",
        "curl -u",
        "redis://bus: could not answer, ask duty@example.org",
    ],
)
def test_what_holds_no_password_stays_as_it_is(text: str) -> None:
    assert mask_secrets(text) == text
    assert not holds_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "password: |\n  Zq7x\nuser: a\n",
        "- db_password: >-\n    Zq7x\n    Yw\nuser: a\n",
        "rtsp://admin:a b c d e Zq7x@10.0.0.1/x",
    ],
)
def test_a_password_of_many_words_or_lines_is_masked_whole(text: str) -> None:
    masked = mask_secrets(text)
    assert not traces(masked)
    assert "user: a" in masked or "10.0.0.1" in masked
    assert mask_secrets(masked) == masked


def test_a_blank_in_a_password_hides_nothing_of_it_from_the_mask() -> None:
    assert mask_secrets("rtsp://admin:a b@10.0.0.1/x lost") == "rtsp://admin:***@10.0.0.1/x lost"


@pytest.mark.parametrize("cut", range(len("rtsp://operator:Zq7x"), len("rtsp://operator:Zq7xYw@")))
def test_an_address_that_is_cut_before_its_at_sign_holds_a_password(cut: int) -> None:
    address = "rtsp://operator:Zq7xYw@10.0.0.1"[:cut]
    assert mask_secrets(f"got '{address}…") == "got 'rtsp://operator:***"


def test_what_is_shortened_is_masked_before() -> None:
    long = "rtsp://an.operator.with.a.long.name.of.the.town:Zq7xYwZq7xYw@10.0.0.1/x"
    assert not traces(shown(long))


def test_values_are_masked_however_deep() -> None:
    class Camera:
        def __repr__(self) -> str:
            return "Camera(rtsp://u:Zq7x@h/)"

    value = {"a": ["rtsp://u:Zq7x@h/", {"u:Zq7x@h": 1.5}], "b": (Camera(), Path("/a")), "c": None}
    masked = mask_values(value)
    assert masked["a"] == ["rtsp://u:***@h/", {"u:***@h": 1.5}]
    assert masked["b"] == ["Camera(rtsp://u:***@h/)", Path("/a")]
    assert masked["c"] is None


@pytest.mark.parametrize("part", ["a", ":", "a:", "@", "a://", "password=:", "'", "\n", "%40", "_"])
def test_a_long_text_is_masked_in_one_go(part: str) -> None:
    """Nothing in it takes the square of a text's length."""
    began = time.process_time()
    mask_secrets(part * (60_000 // len(part)))
    assert time.process_time() - began < 10
