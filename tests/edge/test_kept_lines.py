from pathlib import Path

from edge.state.kept_lines import append, read_kept, read_newer, set_aside


def test_lines_are_read_as_they_were_written_the_older_ones_first(tmp_path: Path) -> None:
    path = tmp_path / "worker" / "lines.jsonl"
    assert list(read_kept(path, int)) == []
    for first in (1, 3, 5):
        append(path, f"{first}\n{first + 1}\n")
        set_aside(path)
    assert list(read_kept(path, int)) == [5, 6]
    append(path, "7\n")
    assert list(read_kept(path, int)) == [5, 6, 7]
    assert list(read_newer(path, int)) == [7]


def test_a_line_that_a_crash_cut_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"1\n\xff\xfe\n3\n4,")
    assert list(read_kept(path, int)) == [1, 3]


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append(path, "one\u2028line\x85\n")
    assert list(read_kept(path, str)) == ["one\u2028line\x85\n"]
