"""The settings of the console."""

from pydantic import Field

from domain.base import Settings, Text


class ConsoleSettings(Settings):
    """Where the console listens and how it behaves."""

    host: str = "127.0.0.1"
    """The address to listen on. Without a login nothing but this machine may reach it."""
    port: int = Field(default=8780, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    """Names by which browsers may call this console; a request for any other is refused."""
    timezone: str = "Asia/Shanghai"
    """The zone in which people read times."""
    town: Text = Text.of("", "")
    """Named beside the product's name, on every page."""
    operator: Text = Text.of("值班员", "Duty officer")
    """Who is said to have done what is done here, until people log in."""

    look_grace_s: float = Field(default=2.0, ge=0)
    """A picture is stale when older than twice its camera's promise plus this: the time a
    picture needs from the camera to the page."""
    look_poll_s: float = Field(default=1.0, gt=0)
    """How often the wall asks which pictures are new."""
    heartbeat_s: float = Field(default=5.0, gt=0)
    """How often the server tells an open page that it lives. A page that hears nothing for
    two and a half of these says that the server is gone."""
    clip_wait_s: float = Field(default=90.0, gt=0)
    """So long after an incident opened a clip may still come; later it is called missing."""
    clip_expected_s: float = Field(default=25.0, gt=0)
    """So long after an incident opened its clip is usually there."""
    queue_page: int = Field(default=50, ge=1, le=200)
    """Cases shown in the queue before "show more"."""
    thumbnail_wh: tuple[int, int] = (192, 108)
    """Thumbnails fit into this size, in pixels."""
    thumbnails_bytes: int = Field(default=16 * 1024 * 1024, ge=0)
    """Memory that made thumbnails may take."""

    connections_max: int = Field(default=400, ge=16)
    """Connections that may be open at once. When all are, those that have not asked for anything
    make room; fewer, where the process may not have so many descriptors."""
    connections_per_client_max: int = Field(default=100, ge=4)
    """Of these, for one address. This machine's own are not counted: a proxy's come from there."""
    streams_max: int = Field(default=200, ge=1)
    """Open pages that are told of news as it happens."""
    request_head_s: float = Field(default=10.0, gt=0)
    """A request's headers have to be there after this time."""
    request_body_s: float = Field(default=20.0, gt=0)
    """A request's body has to be there so long after its headers."""
    body_max_bytes: int = Field(default=65_536, ge=4_096)
    """A request's body may be so large; a decision with its note has some hundred bytes."""
    photo_max_bytes: int = Field(default=16 * 2**20, ge=65_536)
    """A photo that is handed in may be so large."""
    uploads_max: int = Field(default=4, ge=1)
    """Photos that are taken in at once: each is held in memory until it is sealed."""
    answer_unread_s: float = Field(default=30.0, gt=0)
    """Who reads nothing of an answer for so long is hung up on."""
