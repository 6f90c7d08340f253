"""Names that do not say what their bytes mean: which encoding makes names of them?

Zip archives of Windows say nothing and use the system's own: GBK in China, Shift-JIS in Japan, code
page 437 or 850 in the West. All names of an archive are in one encoding, so they are judged together.
"""

import os
import unicodedata
from collections.abc import Iterable

CODECS = ("utf-8", "gb18030", "cp932", "cp437", "cp1252")
LAST = "cp437"  # any bytes are text in it


def best_codec(names: Iterable[bytes]) -> str:
    """The encoding in which these look most like names of people and files."""
    strange = [name for name in names if not name.isascii()]
    if not strange:
        return "utf-8"
    scores = {}
    for codec in CODECS:
        try:
            texts = [name.decode(codec) for name in strange]
        except UnicodeDecodeError:
            continue
        if codec == "utf-8":
            return codec  # other encodings hardly ever are UTF-8 by chance
        signs = [sign for text in texts for sign in text if not sign.isascii()]
        scores[codec] = sum(plausible(sign, codec) for sign in signs) / len(signs)
    best = max(scores, key=lambda codec: scores[codec])
    return best if scores[best] > 0 else LAST


def plausible(sign: str, codec: str) -> float:
    """How likely a sign is part of a name, if it was written in this encoding: -1 to 1."""
    if codec == "gb18030":
        try:
            first, second = sign.encode("gb2312")
        except (UnicodeEncodeError, ValueError):
            return -0.3 if "\u4e00" <= sign <= "\u9fff" else -1
        if 0xB0 <= first <= 0xD7:  # the 3,755 usual ones
            return 1
        return 0.3 if first > 0xD7 else -0.5
    if codec == "cp932":
        if "\u3040" <= sign <= "\u30ff":  # kana
            return 1
        try:
            first = sign.encode("cp932")[0]
        except UnicodeEncodeError:
            return -1
        if 0x88 <= first <= 0x98:  # the 2,965 usual ones
            return 1
        return 0.2 if "\u4e00" <= sign <= "\u9fff" else -1
    name = unicodedata.name(sign, "")
    if not name.startswith("LATIN"):
        return -1
    return 0.7 if " CAPITAL " in name else 0.9


def utf_8_or_better(name: str) -> str:
    """A name on disk. One that is no UTF-8, which Python keeps as surrogates, is decoded anew."""
    try:
        name.encode("utf-8")
        return name
    except UnicodeEncodeError:
        data = os.fsencode(name)
        return decoded(data, best_codec([data]))


def decoded(data: bytes, codec: str) -> str:
    """A name in this encoding; where that is impossible, some text that is no other name's."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return data.decode(LAST)
