"""One entry of the response cache: the bytes of a public response, in each encoding that somebody asked for."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import zstandard

from app.core.entity_tags import digest_of, entity_tag

Header = tuple[bytes, bytes]
# Below this, compressing saves nothing that anybody would notice.
_MIN_COMPRESSED_BYTES = 1024
# Compressing more would keep everybody else waiting for longer than it saves.
_MAX_COMPRESSED_BYTES = 256 * 1024
_GZIP_LEVEL = 6
_ZSTD_LEVEL = 9
# What an entry takes besides its bodies: headers and its places in the tables of the store; measured, with slack.
_OVERHEAD_BYTES = 4000
_BYTES_PER_KEY = 200


@dataclass(frozen=True)
class Variant:
    """One encoding of a response, with its headers as they are sent and those of a 304."""

    body: bytes
    etag: bytes
    headers: tuple[Header, ...]
    not_modified: tuple[Header, ...]


@dataclass
class CachedResponse:
    """What everybody gets who requests the same; `headers` are those that all its encodings share.

    `validator` is what the resource itself calls the version that is shown, if it does.
    """

    body: bytes
    headers: tuple[Header, ...]
    keys: frozenset[str]
    created_at: float
    validator: str = ""

    @cached_property
    def identity(self) -> Variant:
        return self._variant(self.body, "")

    @cached_property
    def gzip(self) -> Variant:
        # Without a timestamp: the same response must be the same bytes on every node.
        return self._compressed(lambda: gzip.compress(self.body, _GZIP_LEVEL, mtime=0), "gzip")

    @cached_property
    def zstd(self) -> Variant:
        return self._compressed(lambda: zstandard.compress(self.body, _ZSTD_LEVEL), "zstd")

    @property
    def size(self) -> int:
        """The bytes that this may take, including the encodings that may yet be made."""
        return 2 * len(self.body) + _OVERHEAD_BYTES + _BYTES_PER_KEY * len(self.keys)

    @cached_property
    def _digest(self) -> str:
        return digest_of(self.body)

    def _compressed(self, compress: Callable[[], bytes], coding: str) -> Variant:
        if not _MIN_COMPRESSED_BYTES <= len(self.body) <= _MAX_COMPRESSED_BYTES:
            return self.identity
        return self._variant(compress(), coding)

    def _variant(self, body: bytes, coding: str) -> Variant:
        # Other bytes are another representation, which a strong ETag has to tell apart.
        etag = entity_tag(self.validator, self._digest, coding).encode()
        not_modified = ((b"etag", etag), *self.headers)
        encoding = ((b"content-encoding", coding.encode()),) if coding else ()
        length = (b"content-length", str(len(body)).encode())
        return Variant(body, etag, (length, *encoding, *not_modified), not_modified)
