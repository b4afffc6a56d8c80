"""The catalogue and an import as tables of words, for the command line."""

from pathlib import Path
from typing import Literal, NamedTuple

from domain.base import Text, Value
from domain.errors import ModelCorrupt, ModelMissing
from models.catalogue.catalog import Catalog
from models.catalogue.entry import ModelEntry


class Table(NamedTuple):
    """Columns with their titles, and rows of words."""

    columns: tuple[Text, ...]
    rows: tuple[tuple[str, ...], ...]


class ModelRow(Value):
    """A known model, and whether its file is there and sound."""

    entry: ModelEntry
    state: Literal["ready", "missing", "damaged"]
    carried: bool = False
    """Its file came with the product and was not imported."""
    path: Path | None = None
    detail: str = ""
    """What is wrong and what to do; empty when ready."""


def model_rows(catalog: Catalog) -> tuple[ModelRow, ...]:
    """Every known model; reads and hashes every file that is there."""
    return tuple(_model_row(catalog, entry) for entry in catalog.entries())


def models_table(rows: tuple[ModelRow, ...]) -> Table:
    """For `patrol models list`."""
    columns = (
        Text.of("模型", "Model"),
        Text.of("状态", "State"),
        Text.of("网络头", "Head"),
        Text.of("输入", "Input"),
        Text.of("类别", "Classes"),
        Text.of("大小", "Size"),
        Text.of("许可", "Licence"),
    )
    return Table(columns, tuple(_model_words(row) for row in rows))


def entry_table(entry: ModelEntry) -> Table:
    """For `patrol models import`: what the file was recognised as."""
    facts = {
        Text.of("模型", "Model"): entry.name,
        Text.of("文件", "File"): entry.file,
        Text.of("校验值", "SHA-256"): entry.sha256,
        Text.of("网络头", "Head"): entry.head,
        Text.of("输入", "Input"): _size(entry.input_wh),
        Text.of("类别", "Classes"): ", ".join(entry.labels),
        Text.of("许可", "Licence"): entry.licence,
        Text.of("来源", "Origin"): entry.origin,
    }
    return Table(tuple(facts), (tuple(facts.values()),))


def _model_row(catalog: Catalog, entry: ModelEntry) -> ModelRow:
    try:
        path, carried = catalog.path(entry.name), catalog.carries(entry.name)
        return ModelRow(entry=entry, state="ready", carried=carried, path=path)
    except ModelMissing as error:
        return ModelRow(entry=entry, state="missing", detail=str(error))
    except ModelCorrupt as error:
        return ModelRow(entry=entry, state="damaged", detail=str(error))


def _model_words(row: ModelRow) -> tuple[str, ...]:
    entry = row.entry
    return (
        entry.name,
        f"{row.state} (carried)" if row.carried else row.state,
        entry.head,
        _size(entry.input_wh),
        str(len(entry.labels)),
        f"{entry.size_bytes / 1e6:.1f} MB",
        entry.licence,
    )


def _size(size_wh: tuple[int, int]) -> str:
    return f"{size_wh[0]}×{size_wh[1]}"
