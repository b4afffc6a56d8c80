import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser

from lab.footage.sources import Sight
from lab.scores.gallery import gallery_page
from lab.scores.mistakes import SHOWN_PX, MistakeBook, find_mistakes
from models.detections import Detections
from tests.console.browser import Watch, chromium

NAMES = ("fire", "smoke")
Row = tuple[tuple[float, float, float, float], float, str]
A, A_BADLY, B = (0.1, 0.1, 0.3, 0.3), (0.2, 0.1, 0.4, 0.3), (0.6, 0.02, 0.9, 0.5)


def boxes(*rows: Row) -> Detections:
    return Detections(
        np.array([xyxy for xyxy, _, _ in rows], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in rows], np.float32),
        np.array([NAMES.index(name) for _, _, name in rows], np.int64),
        NAMES,
    )


def sight(file: str, truth: Detections) -> Sight:
    return Sight("yard/street@0:1=fire", file, np.full((600, 800, 3), 90, np.uint8), truth)


def book_of(*pairs: tuple[Detections, Detections], keep: int = 2) -> MistakeBook:
    """A book of pictures 0, 1, …, each with what is marked and what was found."""
    book = MistakeBook(NAMES, confidence=0.25, keep=keep)
    for number, (truth, found) in enumerate(pairs):
        book.add(sight(f"{number}.jpg", truth), found)
    return book


@pytest.mark.parametrize(
    ("truth", "found", "counts"),
    [
        ([(A, 1, "fire")], [(A, 0.9, "fire")], (0, 0, 0)),
        ([(A, 1, "fire")], [(A, 0.9, "fire"), (A, 0.5, "fire")], (0, 0, 0)),  # found twice
        ([(A, 1, "fire")], [(A, 0.2, "fire")], (0, 1, 0)),  # not sure enough
        ([(A, 1, "fire")], [(A, 0.9, "smoke")], (0, 1, 0)),
        ([(A, 1, "fire")], [(A_BADLY, 0.9, "fire")], (0, 1, 1)),
        ([], [(A, 0.9, "fire"), (B, 0.8, "fire")], (2, 0, 0)),
        ([(A, 1, "fire"), (B, 1, "fire")], [(B, 0.3, "fire")], (0, 1, 0)),
    ],
)
def test_mistakes_are_told_apart(
    truth: list[Row], found: list[Row], counts: tuple[int, int, int]
) -> None:
    book = book_of((boxes(*truth), boxes(*found)))
    assert tuple(book.counts[kind, "fire"] for kind in ("false", "missed", "misplaced")) == counts


def test_the_worst_are_kept_one_of_each_picture() -> None:
    scores = [0.4, 0.9, 0.6, 0.9]
    pictures = [(boxes(), boxes((A, score, "fire"), (B, 0.3, "fire"))) for score in scores]
    book = book_of(*pictures)
    assert book.counts["false", "fire"] == 8
    kept = book.worst("false", "fire")
    assert [m.sight_file for m in kept] == ["1.jpg", "3.jpg"]
    assert [m.badness for m in kept] == pytest.approx([0.9, 0.9])
    assert [len(m.found) for m in kept] == [2, 2]


def test_missed_ones_are_ranked_by_size_and_pictures_kept_small() -> None:
    book = book_of((boxes((A, 1, "smoke")), boxes()), (boxes((B, 1, "smoke")), boxes()))
    large, small = book.worst("missed", "smoke")
    assert (large.badness, small.badness) == pytest.approx((0.144, 0.04))
    picture = cv2.imdecode(np.frombuffer(large.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1] == SHOWN_PX


def test_a_detector_is_looked_over_the_shoulder() -> None:
    class Blind:
        labels = NAMES

        def detect(self, images: list[np.ndarray]) -> list[Detections]:
            return [boxes() for _ in images]

    book = MistakeBook(NAMES, confidence=0.25, keep=3)
    told: list[int] = []
    find_mistakes(Blind(), [sight("a", boxes((A, 1, "fire")))] * 2, book, told.append)  # type: ignore[arg-type]
    assert (told, book.counts["missed", "fire"]) == ([1, 2], 2)


@pytest.fixture
def page_text() -> str:
    book = book_of(
        (boxes((A, 1, "fire")), boxes((B, 0.8, "fire"), (A, 0.7, "fire"))),
        (boxes((B, 1, "smoke")), boxes((A_BADLY, 0.5, "smoke"))),
        (boxes((A, 1, "fire")), boxes((A_BADLY, 0.6, "fire"))),
    )
    return gallery_page(book, model="patrol <n>", sources=["data/yard=", "clip.mp4"])


def test_the_page_says_what_went_wrong_where(page_text: str) -> None:
    assert "patrol &lt;n&gt;" in page_text
    assert "yard、clip.mp4" in page_text
    assert "street@0:1 · 0.jpg" in page_text
    assert "占画面 14.40% of the picture" in page_text
    assert "0.60 · IoU 0.33" in page_text
    assert not re.search(r'(?:src|href)="(?!data:|#)', page_text)  # nothing from elsewhere


def test_a_page_without_mistakes_says_so() -> None:
    book = book_of((boxes((A, 1, "fire")), boxes((A, 0.9, "fire"))))
    page = gallery_page(book, model="m", sources=["x"])
    assert page.count("<figure>") == 0
    assert "没有错误。No mistakes." in page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.browser
def test_boxes_lie_where_they_belong_and_can_be_hidden(
    browser: Browser, page_text: str, tmp_path: Path
) -> None:
    file = tmp_path / "gallery.html"
    file.write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    watch = Watch(page)
    page.goto(file.as_uri())
    picture = page.locator("figure img").first.bounding_box()
    box = page.locator("figure .box.false").first.bounding_box()
    assert picture is not None
    assert box is not None
    assert box["x"] - picture["x"] == pytest.approx(0.6 * picture["width"], abs=1)
    assert box["height"] == pytest.approx(0.48 * picture["height"], abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_text("隐藏方框").click()
    assert not page.locator("figure .box").first.is_visible()
    assert watch.errors == []
    page.close()
