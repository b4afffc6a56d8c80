"""Scores of pictures as tables of words, for the command line."""

from domain.base import Text
from models.picture_recall import FALSE_SHARES
from models.score import ScoreReport
from models.summary import Table


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
