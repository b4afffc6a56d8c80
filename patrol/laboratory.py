"""Where the laboratory is found: the only place of the program that names it.

The laboratory stands above the program: it starts `patrol` on simulated cameras, trains what
`models` runs, and replays what `edge` judges. Here it is known by name, and imported only when
one of its commands is called; a town may run without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from models.catalogue.extras import has_extra
from patrol.late import Late

if TYPE_CHECKING:
    from models.catalogue.pulling import Convert

COMMANDS = {
    "simulate": Late(
        "lab.commands.simulate:simulate",
        "Serve N cameras from a folder of clips, looped, until Ctrl-C.",
    ),
    "eval": Late(
        "lab.commands.evaluate:evaluate",
        "Replay clips through decoder, picture diagnosis, detector, tracker and rules, faster than "
        "real time.",
    ),
    "scenarios": Late(
        "lab.commands.scenarios:scenarios", "Draw scenarios; without a folder, list them."
    ),
    "quiet": Late(
        "lab.commands.quiet:quiet",
        "Loop varied clips without incidents, and count what opens: all of it is false.",
    ),
    "label": Late(
        "lab.commands.label:label",
        "Make a set to learn from of judged cases: boxes are drawn on a local page, or taken over "
        "by --export.",
    ),
    "bench": Late("lab.commands.bench:app", "Measure what things cost on this machine."),
    "demo": Late(
        "lab.commands.demo:demo",
        "Serve the demo's eight cameras over RTSP and run the whole program on them.",
    ),
}
"""Commands of `patrol`."""

MODELS = {
    "compose": Late(
        "lab.commands.models_compose:compose",
        "Compose labelled pictures of fires, and of what is mistaken for them.",
    ),
    "score": Late(
        "lab.commands.models_score:score",
        "Average precision of a detector, and how many pictures it finds at few false ones.",
    ),
    "count": Late(
        "lab.commands.models_count:count",
        "Error of a count by size of the crowd, and how often a limit is decided wrongly.",
    ),
    "gallery": Late(
        "lab.commands.models_gallery:gallery",
        "Write a page of the worst mistakes: false, missed and misplaced boxes of each class.",
    ),
    "calibrate": Late(
        "lab.commands.models_calibrate:calibrate",
        "Fit how likely a fire track is a fire, and measure it on sources that were left out.",
    ),
    "leaks": Late(
        "lab.commands.models_leaks:leaks",
        "Check that no training picture looks like one that scores are measured on.",
    ),
    "export": Late(
        "lab.commands.models_export:export_model",
        "Convert a checkpoint to ONNX, compared with torch, and import it (extra named train).",
    ),
    "quantise": Late(
        "lab.commands.models_quantise:quantise_model",
        "Make a model count in 8 bits (extra named quantise); with --score, compare both.",
    ),
    "first-look": Late(
        "lab.commands.models_first_look:first_look",
        "How much of what the detector suspects the first look passes on, and what it spares.",
    ),
    "train-first": Late(
        "lab.commands.models_first_look:train_first",
        "Train the first look (needs the extra named train); called again, it goes on.",
    ),
    "train": Late(
        "lab.commands.models_train:train_model",
        "Train a detector (needs the extra named train); called again, it goes on where it "
        "stopped.",
    ),
}
"""Commands of `patrol models`."""

RULES = {
    "replay": Late(
        "lab.commands.rules_replay:replay",
        "Judge kept looks, or clips, by the rules as they are and as they would be.",
    ),
}
"""Commands of `patrol rules`."""


def converter() -> "Convert | None":
    """What makes an ONNX file of a checkpoint; None without the extra [train]."""
    if not has_extra("train"):
        return None
    convert: Convert = import_module("lab.training.foreign").convert
    return convert
