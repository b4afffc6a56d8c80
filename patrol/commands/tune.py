"""`patrol tune`: which way to compute is the fastest on this machine."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from models.catalogue.catalog import Catalog
from models.detector_settings import DetectorSettings
from models.sessions.graph import way_words
from models.tuning.machine import Machine, this_machine
from models.tuning.tuner import Chosen, Tuner
from models.tuning.ways import GAINS_AT_LEAST, Tried
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonOption,
    complain,
    console,
    print_json,
    progress,
)
from settings.loading import load

OPEN = DetectorSettings()
WORDS = {
    "set": "配置已写明, 以配置为准 · the configuration says so, and that holds",
    "measured": "本机实测最快 · the fastest of those measured here",
    "only": "本机只有这一种 · the only one on this machine",
    "default": "未能实测, 用默认 · the default, nothing could be measured",
}


def tune(
    config: ConfigOption = None,
    data: DataOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Measure even if it was for just this machine.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure which way to compute is fastest on this machine, and keep it.

    A worker does the same by itself at its first start; this shows what was found. What the
    configuration says of provider, precision and threads always holds.
    """
    configuration = load(config, data_dir=data)
    tuner = Tuner(Catalog(configuration.models_dir), configuration.models_dir)
    asked = configuration.detector
    chosen = _chosen(tuner, asked, again)
    compared = chosen
    if chosen.by == "set":  # measured to compare, and kept for whoever leaves it open
        compared = _chosen(tuner, _left_open(asked), again)
    machine, tried = this_machine(), compared.choice.tried if compared.choice else ()
    gain = times_as_fast(tried)
    if as_json:
        print_json(_for_machines(machine, chosen, compared, tuner, gain))
    else:
        _print(machine, chosen, compared, tuner, gain)
    raise typer.Exit(1 if chosen.by == "default" else 0)


def times_as_fast(tried: Sequence[Tried]) -> float | None:
    """How many times as fast as onnxruntime openvino is; None where both were not timed."""
    good = [one for one in tried if one.can_be_taken]
    openvino = [one.ms for one in good if one.ms and one.way.provider == "openvino"]
    others = [one.ms for one in good if one.ms and one.way.provider != "openvino"]
    return min(others) / min(openvino) if openvino and others else None


def openvino_advice(machine: Machine, gain: float | None) -> str:
    """Whether the extra [openvino] is worth installing, or keeping."""
    if gain is not None:
        wins = gain * (1 - GAINS_AT_LEAST) > 1
        word = "更快, 留着 · faster, keep it" if wins else "不更快, 可不装 · not faster here"
        return f"{word} ({gain:.1f} ×)"
    if "openvino" in machine.versions:
        return "未与 onnxruntime 比较 · not compared with onnxruntime"
    if "bf16" in machine.precisions:
        return (
            "值得一试 · worth trying: scripts/setup openvino; this processor has bf16, with which "
            "a look took half the time where it was measured"
        )
    return (
        "不必装 · not worth installing: this processor has no bf16, and without it there is no gain"
    )


def _chosen(tuner: Tuner, asked: DetectorSettings, again: bool) -> Chosen:
    with progress() as bar:
        task = bar.add_task("tuning", total=1.0)
        return tuner.choose(
            asked,
            again=again,
            tell=lambda what, share: bar.update(task, description=what, completed=share),
        )


def _left_open(asked: DetectorSettings) -> DetectorSettings:
    open_ = {name: getattr(OPEN, name) for name in ("provider", "precision", "threads")}
    return asked.model_copy(update=open_)


def _for_machines(
    machine: Machine, chosen: Chosen, compared: Chosen, tuner: Tuner, gain: float | None
) -> dict[str, Any]:
    settings, choice = chosen.settings, compared.choice
    return {
        "machine": machine.model_dump(mode="json"),
        "takes": {
            "model": settings.model,
            "provider": settings.provider,
            "precision": settings.precision,
            "threads": settings.run_threads,
            "chosen_by": chosen.by,
            "why": chosen.why,
        },
        "tried": [one.model_dump(mode="json") for one in choice.tried] if choice else [],
        "tuned_at": choice.tuned_at.isoformat() if choice else None,
        "file": str(tuner.path),
        "openvino": {
            "installed": "openvino" in machine.versions,
            "times_as_fast": gain,
            "advice": openvino_advice(machine, gain),
        },
    }


def _print(
    machine: Machine, chosen: Chosen, compared: Chosen, tuner: Tuner, gain: float | None
) -> None:
    flags = " ".join(machine.flags)
    console.print(f"{machine.processor}, {machine.cores} 核 cores; {flags}", markup=False)
    if compared.choice is not None:
        console.print(_table(compared.choice.tried))
    settings = chosen.settings
    way = way_words(settings.provider, settings.precision, settings.run_threads)
    console.print(f"采用 takes: {way} ({settings.model}): {WORDS[chosen.by]}", markup=False)
    if chosen.by == "set" and compared.choice is not None:
        console.print(f"实测最快 fastest: {compared.choice.way}", markup=False)
    if chosen.why:
        complain(chosen.why)
    if compared.choice is not None:
        at = f"{compared.choice.tuned_at:%Y-%m-%d %H:%M} UTC"
        console.print(f"测于 measured {at}: {tuner.path}", markup=False)
    console.print(f"openvino: {openvino_advice(machine, gain)}", markup=False)


def _table(tried: tuple[Tried, ...]) -> Table:
    table = Table(
        "方式 way", "毫秒/幅 ms a picture", "与参照相差 from the reference", "不用 why not"
    )
    for one in tried:
        ms = "—" if one.ms is None else f"{one.ms:.1f}"
        apart = "—" if one.furthest is None else f"{one.furthest:.3f}"
        table.add_row(str(one.way), ms, apart, escape(one.why_not))
    return table
