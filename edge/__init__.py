"""The edge worker 小脑: a shard of cameras, read, looked at, judged and recorded."""
