"""The wire's constants and its encoder: frames over one connected stream socket.

Each frame begins with a 4-byte big-endian word; docs/wire.md has the table. The host's decoder
(``core/wire.py``) imports the constants from here, so there is one copy of them.
"""

from __future__ import annotations

import json
import os
import struct
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

    import pyarrow as pa

END = 0
ERROR = 0xFFFFFFFF
LOG = 0xFFFFFFFE
METADATA = 0xFFFFFFFD
#: The largest word that is the length of a data frame; between it and METADATA nothing has meaning.
MAX_DATA_WORD = 0xFFFFFFF0

LEVEL_STDOUT, LEVEL_STDERR, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR = range(6)

#: Keys of the schema metadata that names a data frame's output.
KEY_OUTPUT, KEY_SINK, KEY_TABLE, KEY_COMPRESSION = (
    b"cf.output",
    b"cf.sink",
    b"cf.table",
    b"cf.compression",
)
#: A column's kinds, cell by cell, travel in a companion column of this prefix.
KIND_PREFIX = "_cf_kind__"

#: Texts longer than this are cut by the sender, and say so (bytes of UTF-8).
MAX_TEXT = 64 * 1024
#: Frames up to this many bytes are built in memory and sent by one call.
_SMALL_FRAME = 1 << 20

#: What `json.dumps` would make anew for each text.
_json = json.JSONEncoder(ensure_ascii=True, default=str).encode
_WORD = struct.Struct(">I")
_LOG_HEAD = struct.Struct(">IBI")
_TEXT_HEAD = struct.Struct(">II")


def to_utf8(text: str, limit: int = MAX_TEXT) -> bytes:
    """``text`` as UTF-8 of at most ``limit`` bytes; what can't be encoded is escaped."""
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= limit:
        return data
    note = f" … (cut: {len(data)} bytes in all)".encode()
    return data[: limit - len(note)].decode("utf-8", "ignore").encode() + note


class FrameWriter:
    """Encodes frames and sends them whole: frames of several threads never interleave.

    A forked child of the parser shares the socket but must never write to it: its calls do nothing.
    Nor do calls after the last frame, from threads that the parser left running.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._torn = False
        self._over = False
        self._held: list[bytes] = []

    @property
    def forked(self) -> bool:
        """Whether this process is a child of the one that may write."""
        return os.getpid() != self._pid

    def _send(self, *parts: Any, last: bool = False) -> None:
        if self.forked:
            return
        with self._lock:
            if self._torn or self._over:
                return
            # An exception in the middle of a frame (a Ctrl-C) leaves the stream torn: nothing that
            # is sent afterwards could be understood.
            self._torn = True
            if self._held:
                parts = (*self._held, *parts)
                self._held.clear()
            self._sock.sendall(b"".join(parts))
            self._torn = False
            self._over = last

    def log(self, level: int, text: str) -> None:
        """Send one log line of a level from 0 to 5."""
        data = to_utf8(text)
        self._send(_LOG_HEAD.pack(LOG, level, len(data)), data)

    def metadata(self, kind: str, **content: Any) -> None:
        """Send metadata: ``hello``, ``progress``, ``output_info``, ``error`` or ``metrics``."""
        self._send(_metadata(kind, content))

    def metadata_soon(self, kind: str, **content: Any) -> None:
        """As `metadata`, but together with the next frame, by one call: it must follow at once."""
        if not self.forked:
            with self._lock:
                self._held.append(_metadata(kind, content))

    def error(self, text: str) -> None:
        """Send the error frame, the last one of a failed run."""
        data = to_utf8(text)
        self._send(_TEXT_HEAD.pack(ERROR, len(data)), data, last=True)

    def end(self) -> None:
        """Send the end of the stream: the parser finished."""
        self._send(_WORD.pack(END), last=True)

    def data(
        self,
        rows: pa.Table,
        *,
        output: str,
        sink: str | None = None,
        table: str | None = None,
        compression: str | None = None,
    ) -> int:
        """Send rows as a complete Arrow IPC stream.

        Returns:
            The frame's size in bytes, without its word.
        """
        import pyarrow as pa

        names = {KEY_OUTPUT: output, KEY_SINK: sink, KEY_TABLE: table, KEY_COMPRESSION: compression}
        metadata = {key: value.encode() for key, value in names.items() if value is not None}
        rows = rows.replace_schema_metadata(metadata)
        if rows.nbytes <= _SMALL_FRAME:
            memory = pa.BufferOutputStream()
            _write_stream(memory, rows)
            buffer = memory.getvalue()
            if buffer.size > MAX_DATA_WORD:
                raise ValueError(f"a frame of {buffer.size} bytes is more than the wire can carry")
            self._send(_WORD.pack(buffer.size), buffer)
            return int(buffer.size)
        measure = pa.MockOutputStream()
        _write_stream(measure, rows)
        size = int(measure.size())
        if size > MAX_DATA_WORD:
            raise ValueError(f"a frame of {size} bytes is more than the wire can carry")
        if self.forked:
            return size
        with self._lock:
            self._send(_WORD.pack(size))
            if not self._torn and not self._over:
                self._torn = True
                _write_stream(pa.PythonFile(_SocketFile(self._sock), "w"), rows)
                self._torn = False
        return size


def _metadata(kind: str, content: dict[str, Any]) -> bytes:
    data = _json({"kind": kind, **content}).encode("ascii")
    return _TEXT_HEAD.pack(METADATA, len(data)) + data


def _write_stream(target: Any, rows: pa.Table) -> None:
    import pyarrow as pa

    with pa.ipc.new_stream(target, rows.schema, options=_options()) as stream:
        stream.write_table(rows)


@cache
def _options() -> Any:
    """The format as the host reads it; without these, Arrow asks the environment each time."""
    import pyarrow as pa

    return pa.ipc.IpcWriteOptions()


class _SocketFile:
    """The file object through which Arrow writes its buffers to a socket without copying them."""

    closed = False

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._sock.sendall(view)
        return view.nbytes

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The socket stays open: more frames follow."""
