"""Texts in few bytes: whole ones (keyframes), and deltas that are what has changed since a keyframe.

A delta is a zstandard frame with the text of its keyframe as dictionary, so that what stands there as well costs next
to nothing, wherever it has been moved. Nothing here takes more than a tenth of a second for the longest text.
"""

import zstandard

from app.content.schemas.articles import BODY_MAX_LENGTH

# Higher levels save three per cent and take many times as long.
_LEVEL = 9
# 8 MiB hold the longest text, in characters of four bytes, behind the longest base.
_WINDOW_LOG = 23
_MAX_BYTES = 4 * BODY_MAX_LENGTH
# The checksum is what finds a damaged row, or a delta that is read with the text of another keyframe.
_PARAMETERS = zstandard.ZstdCompressionParameters.from_level(
    _LEVEL, window_log=_WINDOW_LOG, write_checksum=True, write_content_size=True
)
# Deltas grow by c bytes with each save. Where a keyframe has K bytes, and there is a new one after f K, a save costs
# c / f + f K / 2 on average. The best f is the root of 2 c / K: a sixteenth, where paragraphs are written in a text of
# 100 kB. Half or twice as much costs at most half as much again.
_KEYFRAME_FRACTION = 16


class DamagedText(Exception):
    """What is stored is not what was written, or is read with another base."""


def compressed(text: str) -> bytes:
    """A keyframe: the text without any base."""
    return zstandard.ZstdCompressor(compression_params=_PARAMETERS).compress(text.encode())


def delta(text: str, base: str) -> bytes:
    """The text as what differs from `base`, without which it cannot be restored."""
    return zstandard.ZstdCompressor(compression_params=_PARAMETERS, dict_data=_dictionary(base)).compress(text.encode())


def keyframe_is_due(delta_bytes: int, keyframe_bytes: int) -> bool:
    """Whether to store a text as a new keyframe, given the sizes of its delta and of the keyframe this needs."""
    return delta_bytes * _KEYFRAME_FRACTION > keyframe_bytes


def restored(data: bytes, base: str | None) -> str:
    """The text of a keyframe, or of a delta and its `base`. Raises `DamagedText`, and never takes much memory."""
    decompressor = zstandard.ZstdDecompressor(dict_data=None if base is None else _dictionary(base))
    try:
        _require_plausible(data)
        return decompressor.decompress(data, allow_extra_data=False).decode()
    except (zstandard.ZstdError, UnicodeDecodeError) as error:
        raise DamagedText("A stored text cannot be restored.") from error


def _dictionary(base: str) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base.encode(), dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _require_plausible(data: bytes) -> None:
    """Require what the library trusts: a size for which it reserves memory, and a checksum."""
    frame = zstandard.get_frame_parameters(data)
    if not frame.has_checksum or frame.content_size > _MAX_BYTES:
        raise DamagedText("A stored text claims to be longer than any text, or has no checksum.")
    if frame.content_size == 0 and data != compressed(""):
        # The library does not look at the rest of such a frame.
        raise DamagedText("A stored text claims to be empty.")
