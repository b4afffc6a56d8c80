"""Device identifiers of GB/T 28181-2016, annex D, rule A: 20 digits.

8 digits area (province, city, county, access unit), 2 industry, 3 type, 1 network, 6 serial.
"""

from typing import NamedTuple

CAMERA_TYPES = {"131": "camera", "132": "network camera"}


class DeviceId(NamedTuple):
    area: str
    industry: str
    type: str
    network: str
    serial: str


def parse_device_id(text: str) -> DeviceId:
    """Split a device id into its parts.

    Raises:
        ValueError: not 20 digits.
    """
    if len(text) != 20 or not (text.isascii() and text.isdigit()):
        raise ValueError(f"expected a GB/T 28181 id of 20 digits, got {text!r}")
    return DeviceId(text[:8], text[8:10], text[10:13], text[13], text[14:])


def check_device_id(text: str) -> str:
    """The id itself if it is that of a camera.

    Raises:
        ValueError: not 20 digits, or digits 11 to 13 are not a camera's.
    """
    device = parse_device_id(text)
    if device.type not in CAMERA_TYPES:
        raise ValueError(
            f"expected type 131 or 132 (a camera) in digits 11-13 of {text}, got {device.type}"
        )
    return text
