"""Frames into events, with all that an untrusted guest claims checked on the way."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from casparian.shim import wire as constants

from .events import (
    LEVELS,
    Batch,
    Event,
    GuestError,
    Hello,
    Log,
    Metrics,
    Modules,
    OutputInfo,
    Progress,
)
from .ipc import read_table
from .wire import DataFrame, Frame, MetadataFrame, ProtocolError, TextFrame, WireLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OUTPUT_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
"""What a parser's version looks like: it is the name of a folder as well."""


class Translator:
    """Translates the frames of one run, in their order.

    Raises:
        ProtocolError: from :meth:`event`, for what a guest may not say.
    """

    def __init__(self, limits: WireLimits) -> None:
        self._limits = limits
        self._greeted = False
        self._outputs: set[str] = set()
        self._batches = 0
        self._empty = 0

    def event(self, frame: Frame) -> Event | None:
        """The event of a data, log or metadata frame; None for metadata of an unknown kind."""
        if isinstance(frame, MetadataFrame):
            return self._metadata(frame)
        if isinstance(frame, DataFrame):
            return self._batch(frame)
        if isinstance(frame, TextFrame) and frame.level is not None:
            return Log(LEVELS[frame.level], frame.text)
        raise ValueError(f"{type(frame).__name__} carries no event")

    def _batch(self, frame: DataFrame) -> Batch:
        if not self._greeted:
            raise ProtocolError("the guest sent data before its hello")
        table = read_table(frame.buffer, self._limits)
        self._empty = 0 if table.num_rows else self._empty + 1
        if self._empty > self._limits.max_empty_frames:
            raise ProtocolError(
                f"more than {self._limits.max_empty_frames:,} data frames without rows "
                "in succession"
            )
        metadata = table.schema.metadata or {}
        output = _meta(metadata, constants.KEY_OUTPUT)
        if output is None or not OUTPUT_NAME.fullmatch(output):
            raise ProtocolError(f"a data frame names the output {output!r}")
        self._outputs.add(output)
        if len(self._outputs) > self._limits.max_outputs:
            raise ProtocolError(f"the guest names more than {self._limits.max_outputs:,} outputs")
        index, self._batches = self._batches, self._batches + 1
        return Batch(
            output,
            table.replace_schema_metadata(None),
            _meta(metadata, constants.KEY_SINK),
            _meta(metadata, constants.KEY_TABLE),
            _meta(metadata, constants.KEY_COMPRESSION),
            frame.buffer.size,
            index,
        )

    def _metadata(self, frame: MetadataFrame) -> Event | None:
        if frame.kind not in _EVENTS:
            return None
        if frame.kind == "hello":
            if self._greeted:
                raise ProtocolError("the guest said hello twice")
            self._greeted = True
        try:
            return _short_event(frame) if frame.is_short else _event(frame)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ProtocolError(f"a {frame.kind} frame is not well-formed: {error!r}") from error


def _event(frame: MetadataFrame) -> Event:
    return _EVENTS[frame.kind](frame.content)


#: What a parser says in each of its runs is translated once.
_short_event = lru_cache(maxsize=32)(_event)


def _meta(metadata: Mapping[bytes, bytes], key: bytes) -> str | None:
    value = metadata.get(key)
    return None if value is None else value.decode("utf-8", "backslashreplace")


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a text")


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a finite number")
    return number


def _hello(content: Mapping[str, Any]) -> Hello:
    level = content["level"]
    if level not in ("parser", "handler", "function"):
        raise ValueError(f"level {level!r}")
    version = _text(content.get("version"))
    if version is not None and VERSION.fullmatch(version) is None:
        raise ValueError(f"version {version!r}")
    return Hello(
        parser=str(content["parser"]),
        version=version,
        topics=tuple(map(str, content.get("topics") or ())),
        outputs=content.get("outputs"),
        level=level,
        sink=_text(content.get("sink")),
        default_output=_text(content.get("default_output")),
        python=str(content.get("python", "")),
        versions={str(k): str(v) for k, v in (content.get("versions") or {}).items()},
    )


def _progress(content: Mapping[str, Any]) -> Progress:
    total = content.get("total")
    return Progress(_finite(content["done"]), None if total is None else _finite(total))


def _metrics(content: Mapping[str, Any]) -> Metrics:
    return Metrics({str(key): _finite(value) for key, value in content.items()})


def _modules(content: Mapping[str, Any]) -> Modules:
    return Modules(tuple(map(str, content["files"])), tuple(map(str, content.get("installed", ()))))


def _output_info(content: Mapping[str, Any]) -> OutputInfo:
    return OutputInfo(
        output=str(content["output"]),
        rows=int(content["rows"]),
        bytes=int(content["bytes"]),
        columns=tuple((str(c["name"]), str(c["type"])) for c in content["columns"]),
        text_columns={str(k): str(v) for k, v in content["text_columns"].items()},
        sink=_text(content.get("sink")),
        table=_text(content.get("table")),
        compression=_text(content.get("compression")),
    )


def _error(content: Mapping[str, Any]) -> GuestError:
    cause = content.get("cause")
    kind = "environment" if content.get("type") == "PyarrowMissing" else "parser"
    return GuestError(
        kind,  # type: ignore[arg-type]
        type=str(content["type"]),
        message=str(content["message"]),
        phase=str(content.get("phase", "parse")),
        retryable=content.get("retryable") is True,
        cause=cause if cause in ("memory", "disk_full", "bundle_corrupt") else "",
        hint=str(content.get("hint", "")),
        traceback=tuple(
            {
                "file": str(frame["file"]),
                "line": int(frame["line"] or 0),
                "function": str(frame["function"]),
                "source": str(frame["source"]),
            }
            for frame in content.get("traceback") or ()
        ),
        text=str(content.get("text", "")),
    )


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "hello": _hello,
    "progress": _progress,
    "output_info": _output_info,
    "error": _error,
    "metrics": _metrics,
    "modules": _modules,
}
