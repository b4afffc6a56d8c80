"""Scores of pictures as tables of words, for the command line."""

from domain.base import Text
from lab.scores.picture_recall import FALSE_SHARES
from lab.scores.score import ScoreReport
from models.catalogue.summary import Table


def picture_table(report: ScoreReport) -> Table:
    """For `patrol models score --negatives`: one row per class, fire and smoke together last."""
    columns = [Text.of("类别", "Class"), Text.of("有", "With"), Text.of("无", "Without")]
    for share in FALSE_SHARES:
        columns += [
            Text.of(f"误报 {share:.0%} 召回", f"Recall at {share:.0%} false"),
            Text.of("阈值", "Threshold"),
        ]
    rows = []
    for row in report.picture_recalls:
        words = [row.label.replace("|", " | "), str(row.positives), str(row.negatives)]
        for at in row.at:
            words += [f"{at.recall:.3f}", f"{at.threshold:.3f}"]
        rows.append(tuple(words))
    return Table(tuple(columns), tuple(rows))


def score_table(report: ScoreReport) -> Table:
    """For `patrol models score`: one row per class, the mean last."""
    columns = (
        Text.of("类别", "Class"),
        Text.of("标注数", "Marked"),
        Text.of("检出数", "Found"),
        Text.of("AP50", "AP50"),
        Text.of("AP50-95", "AP50-95"),
    )
    found = sum(row.found for row in report.classes)
    rows = [(c.label, c.truths, c.found, c.ap50, c.ap50_95) for c in report.classes]
    rows.append(("平均 mean", report.truths, found, report.ap50, report.ap50_95))
    return Table(
        columns, tuple((n, str(t), str(f), f"{a:.3f}", f"{b:.3f}") for n, t, f, a, b in rows)
    )
