"""`patrol check`: everything wrong with a configuration, at once."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from patrol.commands.output import DataOption, JsonOption, console, print_json
from settings.checking import check_file
from settings.yamlfile import Problem


def check(
    config: Annotated[Path, typer.Argument(help="Configuration file.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a configuration: every error with file, line, key and what was expected."""
    report = check_file(config, data_dir=data)
    if as_json:
        print_json(
            {
                "ok": not report.errors,
                "errors": [asdict(problem) for problem in report.errors],
                "warnings": [asdict(problem) for problem in report.warnings],
                "workers": dict(report.shares),
                "computes": report.computes,
            }
        )
    else:
        _print_problems("error", "red", report.errors)
        _print_problems("warning", "yellow", report.warnings)
        summary = f"{len(report.errors)} errors, {len(report.warnings)} warnings"
        second = f" ({report.detect_streams} with a detect stream)" if report.detect_streams else ""
        facts = f" · {report.cameras} cameras{second}, {report.sites} sites, {report.grids} grids"
        each = ", ".join(f"{worker_id} {count}" for worker_id, count in report.shares.items())
        facts += f" · cameras of each worker: {each}"
        console.print(summary + (facts if not report.errors else ""))
        if report.computes and not report.errors:
            console.print(f"计算方式 computes: {report.computes}; patrol tune", markup=False)
    raise typer.Exit(1 if report.errors else 0)


def _print_problems(word: str, colour: str, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        console.print(f"[{colour}]{word}[/] {escape(str(problem))}", soft_wrap=True)
