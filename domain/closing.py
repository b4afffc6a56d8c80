"""What is closed, or started and stopped, by ``with``."""

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


class Running(Closing):
    """Started at the beginning of a ``with`` and stopped at its end, whatever happened in it."""

    def start(self) -> None:
        """Begin. What a second start means, each says itself."""
        raise NotImplementedError

    def stop(self) -> None:
        """End; does nothing the second time."""
        raise NotImplementedError

    def close(self) -> None:
        self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self
