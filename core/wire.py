"""The wire's decoder: bytes of an untrusted guest in, frames out, or a :class:`ProtocolError`.

It knows no sockets and no clocks. Memory is bounded by the limits whatever the bytes say; a data
frame is received straight into the buffer that Arrow will read it from.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from casparian.shim import wire as constants

from .errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

_WORD = struct.Struct(">I")
_SCRATCH = 64 * 1024
#: What comes before the body of a frame of text: its word, a log line's level, its length.
_HEADERS = {constants.LOG: 9, constants.METADATA: 8, constants.ERROR: 8}
#: So many bytes of metadata are short.
_SHORT = 4096
#: `json.loads` asks for its options each time.
_JSON = json.JSONDecoder()


class ProtocolError(CasparianError):
    """The guest sent what the wire has no meaning for, or more than the limits allow."""


@dataclass(frozen=True, slots=True)
class WireLimits:
    """What a guest may send. Sizes in bytes, times in seconds."""

    max_frame: int = 256 << 20
    """One data frame."""
    max_control: int = 16 << 20
    """One log, metadata or error frame."""
    max_text: int = 64 << 10
    """What is kept of one text (a JSON text's too); the rest is cut, and it says so."""
    max_rows: int = 16 << 20
    """Rows of one data frame: columns of nulls take no bytes, so size alone bounds nothing."""
    max_decoded: int = 1 << 30
    """One data frame when its dictionaries are spelled out."""
    max_columns: int = 100_000
    max_arrays: int = 1_000_000
    """Arrays of one data frame, nested ones included: to Arrow each takes more than its bytes."""
    max_empty_frames: int = 10_000
    """Data frames without rows in succession."""
    max_outputs: int = 1_000
    stall: float = 30.0
    """How long a frame may stand half sent."""


@dataclass(frozen=True, slots=True)
class DataFrame:
    """A complete Arrow IPC stream, not yet looked at."""

    buffer: pa.Buffer


@dataclass(frozen=True, slots=True)
class TextFrame:
    """A log line (``level`` 0 to 5) or the error frame (``level`` None)."""

    kind: Literal["log", "error"]
    text: str
    level: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MetadataFrame:
    """A metadata frame: ``kind`` and the rest of the object, which nobody may change.

    A short one is the same object as one like it that came before, so that what was made of that
    can be found by it.
    """

    kind: str
    content: Mapping[str, Any]
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class EndFrame:
    """The end of the stream."""


Frame = DataFrame | TextFrame | MetadataFrame | EndFrame


class FrameDecoder:
    """Takes bytes as they come, gives frames as they are whole.

    Use: receive into :meth:`space`, tell :meth:`received` how many bytes came, and take all the
    frames it gives before receiving again.

    Raises:
        ProtocolError: from :meth:`received`, after the frames before the bad one; nothing more can
            be decoded then.
    """

    def __init__(self, limits: WireLimits | None = None) -> None:
        self._limits = limits or WireLimits()
        self._scratch = bytearray(_SCRATCH)
        self._pending = bytearray()
        self._payload: pa.Buffer | None = None
        self._view: memoryview | None = None
        self._filled = 0

    @property
    def mid_frame(self) -> bool:
        """Whether a frame has begun and is not complete."""
        return self._view is not None or bool(self._pending)

    def space(self) -> memoryview:
        """Where the next bytes belong; never empty."""
        if self._view is not None:
            return self._view[self._filled :]
        return memoryview(self._scratch)

    def received(self, count: int) -> Iterator[Frame]:
        """The frames completed by ``count`` bytes that now begin the last :meth:`space`."""
        if self._view is None:
            self._pending += memoryview(self._scratch)[:count]
            return self._parse()
        self._filled += count
        return iter((self._complete(),) if self._filled == len(self._view) else ())

    def _complete(self) -> DataFrame:
        assert self._payload is not None
        frame = DataFrame(self._payload)
        self._payload = self._view = None
        self._filled = 0
        return frame

    def _parse(self) -> Iterator[Frame]:
        data, at = self._pending, 0
        try:
            while len(data) - at >= 4:
                word = _WORD.unpack_from(data, at)[0]
                if word == constants.END:
                    at += 4
                    yield EndFrame()
                elif word <= constants.MAX_DATA_WORD:
                    at = self._begin_data(word, data, at + 4)
                    assert self._view is not None
                    if self._filled < len(self._view):
                        break
                    yield self._complete()
                else:
                    if word not in _HEADERS:
                        raise ProtocolError(
                            f"the guest sent the word 0x{word:08X}, which has no meaning"
                        )
                    start = at + _HEADERS[word]
                    size = self._control_size(data, start) if len(data) >= start else 0
                    if len(data) < start + size:
                        break
                    level, at = data[at + 4], start + size
                    yield self._text_frame(word, level, bytes(data[start:at]))
        finally:
            del data[:at]

    def _begin_data(self, size: int, data: bytearray, at: int) -> int:
        """Start the payload of a data frame with what is there of it; returns where that ends."""
        if size > self._limits.max_frame:
            raise ProtocolError(
                f"a data frame of {size:,} bytes is over the limit of {self._limits.max_frame:,}",
                hint="yield smaller frames; a single row may not be larger than this either",
            )
        import pyarrow as pa

        self._payload = pa.allocate_buffer(size)
        self._view = memoryview(self._payload).cast("B")
        self._filled = min(size, len(data) - at)
        self._view[: self._filled] = data[at : at + self._filled]
        return at + self._filled

    def _control_size(self, data: bytearray, start: int) -> int:
        """How long the body of a log, metadata or error frame is that begins at ``start``."""
        size: int = _WORD.unpack_from(data, start - 4)[0]
        if size > self._limits.max_control:
            raise ProtocolError(
                f"a control frame of {size:,} bytes is over the limit of "
                f"{self._limits.max_control:,}"
            )
        return size

    def _text_frame(self, word: int, level: int, body: bytes) -> TextFrame | MetadataFrame:
        if word == constants.METADATA:
            if len(body) <= _SHORT:
                return _short_metadata(body, self._limits.max_text)
            return _metadata(body, self._limits.max_text)
        if word == constants.ERROR:
            return TextFrame("error", self._text(body))
        if level > constants.LEVEL_ERROR:
            raise ProtocolError(f"a log line has the level {level}; levels are 0 to 5")
        return TextFrame("log", self._text(body), level)

    def _text(self, body: bytes) -> str:
        limit = self._limits.max_text
        if len(body) <= limit:
            return body.decode("utf-8", "replace")
        return body[:limit].decode("utf-8", "ignore") + f" … (cut: {len(body):,} bytes in all)"


def _metadata(body: bytes, max_text: int, *, is_short: bool = False) -> MetadataFrame:
    try:
        content = _JSON.decode(body.decode())
        if len(body) > max_text or b"\\u" in body or not body.isascii():
            content = _clean(content, max_text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a metadata frame is not JSON: {error}") from error
    kind = content.pop("kind", None) if isinstance(content, dict) else None
    if not isinstance(kind, str):
        raise ProtocolError("a metadata frame is not a JSON object with a kind")
    return MetadataFrame(kind, content, is_short)


@lru_cache(maxsize=32)
def _short_metadata(body: bytes, max_text: int) -> MetadataFrame:
    """Read what is mostly the same in each run of a parser."""
    return _metadata(body, max_text, is_short=True)


def _clean(value: Any, max_text: int) -> Any:
    """JSON whose texts are cut, and free of lone surrogates, which nothing can print or store."""
    if isinstance(value, str):
        if len(value) <= max_text and value.isascii():
            return value
        text = value.encode("utf-8", "backslashreplace").decode()
        if len(text) > max_text:
            return text[:max_text] + f" … (cut: {len(text):,} characters in all)"
        return text
    if isinstance(value, list):
        return [_clean(item, max_text) for item in value]
    if isinstance(value, dict):
        return {_clean(key, max_text): _clean(item, max_text) for key, item in value.items()}
    return value
