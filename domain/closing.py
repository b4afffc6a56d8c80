"""What is closed by ``with``."""

from types import TracebackType
from typing import Self


class Closing:
    """Closed at the end of a ``with``, whatever happened in it."""

    def close(self) -> None:
        """Let go of what is held; does nothing the second time."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
