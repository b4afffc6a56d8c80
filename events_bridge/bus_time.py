"""The bus's own clock: the only one by which a command's deadline is told."""

import redis


def bus_now_ms(client: redis.Redis) -> int:
    """Milliseconds since 1970 as the server has them. Raises errors of redis."""
    seconds, microseconds = client.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def stamped_ms(entry_id: bytes) -> int:
    """When the server took an entry of a stream in."""
    return int(entry_id.partition(b"-")[0])
