import json
import logging

import pytest
import structlog

from domain.masking import mask_secrets
from patrol.logs import set_up_logs


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("rtsp://admin:s3cret@10.0.0.1/main", "rtsp://admin:***@10.0.0.1/main"),
        ("redis://:s3cret@bus:6379/0", "redis://:***@bus:6379/0"),
        ("two: rtsp://a:b@c and rtsp://d:e@f", "two: rtsp://a:***@c and rtsp://d:***@f"),
        ("rtsp://10.0.0.1:554/main", "rtsp://10.0.0.1:554/main"),
        ("at 12:30 mail a@b", "at 12:30 mail a@b"),
        ("rtsp://admin:2024/a#b@10.0.0.1/ch1: no", "rtsp://admin:***@10.0.0.1/ch1: no"),
        ("rtsp://a:b@c/1,rtsp://d:e@f/2", "rtsp://a:***@c/1,rtsp://d:***@f/2"),
        ("no 'rtsp://h/x?username=a&password=b_c'.", "no 'rtsp://h/x?username=a&password=***'."),
        ("rtsp://h/user=a&password=b: lost", "rtsp://h/user=a&password=***: lost"),
        (
            "/user=a_password=b_c_channel=1_stream=0.sdp?x",
            "/user=a_password=***_channel=1_stream=0.sdp?x",
        ),
        ('{"url":"http://h/x?pwd=b","user":"a"}', '{"url":"http://h/x?pwd=***","user":"a"}'),
        ("rediss://h/0?ssl_password=b&db=1", "rediss://h/0?ssl_password=***&db=1"),
    ],
)
def test_passwords_in_urls_are_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


def test_no_log_line_holds_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True)
    structlog.get_logger("test").warning("cannot open", url="rtsp://admin:s3cret@10.0.0.1/main")
    said = json.loads(capsys.readouterr().err)
    assert said["url"] == "rtsp://admin:***@10.0.0.1/main"


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("logger", [structlog.get_logger("test"), logging.getLogger("foreign")])
def test_no_traceback_holds_a_password(
    capsys: pytest.CaptureFixture[str], as_json: bool, logger: logging.Logger
) -> None:
    def open_camera(user: str, password: str) -> None:
        raise OSError(f"cannot open rtsp://{user}:{password}@10.0.0.1/main")

    set_up_logs(as_json=as_json)
    try:
        open_camera("admin", "s3cr" + "et")
    except OSError:
        logger.exception("a round failed")
    said = capsys.readouterr().err
    assert "OSError: cannot open rtsp://admin:***@10.0.0.1/main" in said
    assert "in open_camera" in said
    assert "s3cret" not in said
    assert len(said.splitlines()) < 15
