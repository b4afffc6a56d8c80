"""What the bus is told: where it is, how its streams are called, and every limit by name."""

from pydantic import ConfigDict, Field, field_validator

from domain.base import Settings
from events_bridge.urls import check_url, mask_url

EMBEDDED = "embedded"
_DAY_S = 86_400.0


class BusSettings(Settings):
    """The bus. `url` may hold a password: it is not in the repr, and errors hide what they got."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(default=EMBEDDED, repr=False)
    """"embedded", or redis://, rediss:// or unix:// of a server of one's own."""

    news_stream: str = "patrol:news"
    """Incidents, evidence, camera health and gaps: kept until everybody has read them."""
    looks_stream: str = "patrol:looks"
    """Summaries of looks: each is outdated by the next, so only the newest are kept."""
    dead_stream: str = "patrol:dead"
    """Messages that could not be handled, one stream per consumer group: <name>:<group>."""
    parked_stream: str = "patrol:parked"
    """Messages of a newer program, which wait until such a one starts: <name>:<group>."""
    failures_key: str = "patrol:failures"
    """How often the handler of a group failed at each message that waits: <name>:<group>."""
    losses_key: str = "patrol:losses"
    """How many messages each bound of the bus has dropped unread."""
    look_key: str = "patrol:look"
    """The last look's picture of each camera: <name>:<camera id>."""
    holder_key: str = "patrol:holder"
    """Which worker holds each camera, as the center granted it: <name>:<camera id>."""
    rejected_key: str = "patrol:rejected"
    """What dispatchers found to be false on each camera of late: <name>:<camera id>."""
    commands_stream: str = "patrol:commands"
    """Commands to workers, one stream for each: <name>:<worker id>."""
    command_key: str = "patrol:command"
    """A command and its answer: <name>:<command id>."""
    pictures_stream: str = "patrol:pictures"
    """Live pictures that somebody asked for; only the newest are kept."""
    listening_key: str = "patrol:listening"
    """When each worker last said that it takes commands: <name>:<worker id>."""

    news_keep_s: float = Field(default=_DAY_S, ge=0)
    """How long news stays on the bus after every group has acknowledged it."""
    news_max_age_s: float = Field(default=30 * _DAY_S, gt=0)
    """After this time news leaves the bus even if a group never read it, which is logged."""
    looks_max_length: int = Field(default=5_000, ge=1)
    dead_max_length: int = Field(default=10_000, ge=1)
    """Dead letters of a group; then the oldest are dropped, which is logged and counted."""
    parked_max_length: int = Field(default=10_000, ge=1)
    """Messages of a group that wait for a newer program; then as dead letters."""
    look_keep_s: float = Field(default=_DAY_S, gt=0)

    commands_max_length: int = Field(default=256, ge=1)
    """Commands on a worker's stream; the oldest leave it, which is no loss once they are late."""
    command_keep_s: float = Field(default=3_600.0, ge=300)
    """How long a command and its answer can be asked for."""
    pictures_max_length: int = Field(default=64, ge=1)
    """Live pictures of all workers together: 32 MB at most."""
    listening_every_s: float = Field(default=2.0, gt=0)
    """How often a worker says that it takes commands."""
    offline_after_s: float = Field(default=8.0, gt=0)
    """A worker that has not said so for this long is offline, and told nothing."""

    connect_timeout_s: float = Field(default=2.0, gt=0)
    answer_timeout_s: float = Field(default=5.0, gt=0)
    backoff_first_s: float = Field(default=0.2, gt=0)
    backoff_max_s: float = Field(default=5.0, gt=0)

    spool_max_bytes: int = Field(default=256 * 2**20, ge=4_096)
    """Room in a worker's book for messages that wait. Summaries of looks are given up first, then
    what was said of cameras, and only at last incidents and evidence."""
    publish_batch: int = Field(default=100, ge=1)

    read_batch: int = Field(default=50, ge=1, le=100)
    """Messages of each stream that are taken in at a time, in one transaction."""
    block_s: float = Field(default=0.5, gt=0)
    """How long a consumer waits for news in one call; a stop is noticed after it at the latest."""
    retry_first_s: float = Field(default=1.0, ge=0)
    """A message whose handler failed comes again after this time, then after twice it, …"""
    late_after_s: float = Field(default=60.0, gt=0)
    """`/api/health` calls the bus late when a message has waited this long for its handler."""
    max_deliveries: int = Field(default=6, ge=1)
    """Errors of a message's handler until it goes to the dead letters. A program that died over
    it, or a database that was away, does not count."""
    claim_idle_s: float = Field(default=60.0, gt=0)
    """A message that another consumer of the group has held this long is taken from it."""
    housekeeping_every_s: float = Field(default=60.0, gt=0)

    embedded_max_bytes: int = Field(default=512 * 2**20, ge=16 * 2**20)
    """Memory of the embedded server. When it is full, messages wait with the workers."""

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        return url if url == EMBEDDED else check_url(url)

    @property
    def is_embedded(self) -> bool:
        return self.url == EMBEDDED

    @property
    def masked_url(self) -> str:
        return mask_url(self.url)
