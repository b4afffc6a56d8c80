"""Attention speed: as long as something is suspected, but never without end."""

from vision.attention_speed import AttentionSettings, AttentionSpan

SETTINGS = AttentionSettings(for_s=8, rest_s=20)


def held(span: AttentionSpan, suspicious: bool, seconds: float) -> bool:
    return span.holds(suspicious, seconds)


def test_it_lasts_while_something_is_suspected() -> None:
    span = AttentionSpan(SETTINGS)
    assert not held(span, False, 0)
    assert held(span, True, 2)
    assert held(span, True, 9.5)
    assert not held(span, False, 9.8)


def test_it_pauses_when_suspicion_does_not_end() -> None:
    span = AttentionSpan(SETTINGS)
    seconds = [second for second in range(60) if held(span, True, second)]
    assert seconds == [*range(8), *range(28, 36), *range(56, 60)]


def test_a_new_suspicion_gets_its_whole_time() -> None:
    span = AttentionSpan(SETTINGS)
    assert held(span, True, 0)
    assert not held(span, False, 6)
    assert held(span, True, 10)
    assert held(span, True, 17)


def test_it_can_be_switched_off() -> None:
    assert not held(AttentionSpan(AttentionSettings(enabled=False)), True, 0)
