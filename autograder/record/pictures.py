"""Pictures that a student's code showed: only real ones, and none larger than its place."""

import base64
import binascii
import functools
import re
import struct

MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
SVG = "image/svg+xml"
LARGEST = 4_000_000  # bytes of one picture
MOST = 1000  # pixels that one is shown wide or high
PIXELS = 40_000_000  # a browser keeps four bytes for each


def picture(kind: str, data: object) -> str | None:
    """A picture's data, base64 again without a stray character; None if it is none of this kind."""
    read = decoded(kind, data)
    return None if read is None else base64.b64encode(read).decode()


def decoded(kind: str, data: object) -> bytes | None:
    """A picture's bytes, or None."""
    text = "".join(map(str, data)) if isinstance(data, list | tuple) else str(data)
    if kind not in MAGIC or len(text) > LARGEST * 3 // 2:
        return None
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    wide, high = size(kind, raw)
    if not raw.startswith(MAGIC[kind]) or len(raw) > LARGEST or wide * high > PIXELS:
        return None
    return raw


def embedded(address: str) -> str | None:
    """The address of a picture that is written out in the address itself, or None."""
    found = re.match(r"\s*data:(image/[a-z+]{3,7});base64,", address)
    if not found:
        return None
    make = drawing if found[1] == SVG else functools.partial(picture, found[1])
    made = make(address[found.end() :])
    return f"data:{found[1]};base64,{made}" if made else None


def drawing(data: str) -> str | None:
    """An SVG's data, base64. Inside <img> a browser runs none of its scripts and fetches nothing."""
    try:
        raw = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(raw).decode() if b"<svg" in raw and len(raw) <= LARGEST else None


def size(kind: str, raw: bytes) -> tuple[int, int]:
    """Width and height in pixels, as the file says; (0, 0) if it does not say."""
    try:
        if kind == "image/png":
            return struct.unpack(">II", raw[16:24])
        if kind == "image/gif":
            return struct.unpack("<HH", raw[6:10])
        at = 2
        while raw[at] == 0xFF:  # JPEG: a chain of segments; SOF0 … SOF15 hold the size
            if raw[at + 1] in range(0xC0, 0xD0) and raw[at + 1] not in (0xC4, 0xC8, 0xCC):
                high, wide = struct.unpack(">HH", raw[at + 5 : at + 9])
                return wide, high
            at += 2 + struct.unpack(">H", raw[at + 2 : at + 4])[0]
    except (struct.error, IndexError):
        pass
    return 0, 0


def shown_size(kind: str, data: str, wanted: dict) -> dict:
    """The size to show a picture at, {} if that is its own: what was asked for, within bounds.

    Args:
        wanted: what the output's metadata say: perhaps `width` and `height`, in pixels.
    """
    own_wide, own_high = size(kind, base64.b64decode(data))
    wide, high = pixels(wanted.get("width")), pixels(wanted.get("height"))
    if wide is None and high is None:
        if max(own_wide, own_high) <= MOST:
            return {}
        wide, high = own_wide, own_high
    elif max(wide or 1, high or 1) <= MOST:
        return {key: value for key, value in (("width", wide), ("height", high)) if value}
    wide = wide or (own_wide * high / max(own_high, 1) if high else 1)
    high = high or own_high * wide / max(own_wide, 1)
    scale = min(1.0, MOST / max(wide, high, 1))
    return {"width": max(1, round(wide * scale)), "height": max(1, round(high * scale))}


def pixels(value: object) -> float | None:
    """A length that was asked for, if it is one."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 1e6
    return value if good else None  # type: ignore[return-value]
