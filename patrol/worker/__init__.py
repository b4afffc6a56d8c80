"""The edge worker 小脑: a shard of cameras, read, looked at, judged and recorded."""

from patrol.worker.process import Worker

__all__ = ["Worker"]
