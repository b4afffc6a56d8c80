"""The worker's book: one SQLite file that holds what must not be lost and not be said twice."""

from edge.book.book import Book

__all__ = ["Book"]
