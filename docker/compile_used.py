"""Import every module of the program once, in a virtual environment without compiled files.

What is imported is compiled, for containers that cannot write; what never is, is not. And it shows
that nothing the program needs was taken out.

usage: PYTHON compile_used.py
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import PurePath

BY_NAME_ONLY = (
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
)
"""Modules of libraries that these choose by a name when they run."""
RUN_BY_ALEMBIC = PurePath("cases/migrations")
"""Scripts that do not bear being imported."""


def modules() -> Iterator[str]:
    """The program's own modules, by name."""
    for file in files("sentinel-patrol") or ():
        own = file.suffix == ".py" and ".." not in file.parts and file.stem != "__main__"
        if own and RUN_BY_ALEMBIC not in file.parents:
            parts = file.with_suffix("").parts
            yield ".".join(parts[:-1] if file.stem == "__init__" else parts)


def lacks_an_extra(error: ImportError) -> bool:
    """Whether a library is not there at all, as those are not that an extra would bring."""
    library = (error.name or "").partition(".")[0]
    return bool(library) and find_spec(library) is None


def main() -> None:
    for name in (*modules(), *BY_NAME_ONLY):
        try:
            import_module(name)
        except ImportError as error:
            if not lacks_an_extra(error):
                raise
            sys.stderr.write(f"{name} needs an extra: {error}\n")


if __name__ == "__main__":
    main()
