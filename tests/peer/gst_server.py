"""An RTSP server that is not ours: GStreamer's, each file a camera. Run by Debian's Python.

usage: /usr/bin/python3 gst_server.py [--user U --password P [--digest]] [--bare] NAME=FILE.mp4 …
Prints ``ready PORT``; serves until its standard input is closed. With --bare the parameter sets
are only in the SDP, not in the stream.

needs (Debian): python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-{base,good,bad}
"""

import argparse
import sys
import threading
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ROLE = "viewer"


def launch_line(path: str, bare: bool) -> str:
    codec = "h265" if b"hvc1" in Path(path).read_bytes() else "h264"
    interval = 0 if bare else -1
    return (
        f"( filesrc location={path} ! qtdemux ! {codec}parse config-interval={interval} "
        f"! rtp{codec}pay name=pay0 pt=96 config-interval={interval} )"
    )


def mount(server: Any, name: str, path: str, options: argparse.Namespace) -> None:
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch_line(path, options.bare))
    factory.set_shared(True)
    if options.user:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_role(ROLE)
        permissions.add_permission_for_role(ROLE, "media.factory.access", True)
        permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(f"/{name}", factory)


def guard(server: Any, options: argparse.Namespace) -> None:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    if options.digest:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(options.user, options.password, token)
    else:
        basic = GstRtspServer.RTSPAuth.make_basic(options.user, options.password)
        auth.add_basic(basic, token)
    server.set_auth(auth)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("cameras", nargs="+")
    options = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    for camera in options.cameras:
        name, _, path = camera.partition("=")
        mount(server, name, path, options)
    if options.user:
        guard(server, options)
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    print("ready", server.get_bound_port(), flush=True)  # noqa: T201
    loop.run()


if __name__ == "__main__":
    main()
