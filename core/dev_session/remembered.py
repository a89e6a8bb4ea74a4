"""The parser and the samples of the last session, kept in ``CASPARIAN_HOME`` for the next one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from casparian.core.settings import home

FILE: Final = "tui.json"
#: Parsers whose samples are remembered: the last ones.
_MOST: Final = 20
_MOST_SAMPLES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was worked on; paths are absolute, and may be gone."""

    parser: Path | None = None
    samples: tuple[Path, ...] = ()
    recent: tuple[tuple[Path, tuple[Path, ...]], ...] = ()
    """Earlier parsers with their samples, the last one first."""
    notice: str = ""
    """Why nothing is remembered, if that is not because there is nothing; for people."""

    def samples_of(self, parser: Path) -> tuple[Path, ...]:
        """Return the samples that a parser was tried on when it was last worked on."""
        return dict([*self.recent, (self.parser, self.samples)]).get(parser, ())


def recall(folder: Path | None = None) -> Remembered:
    """Read what is remembered. A file that can't be read counts as none, with a notice.

    Args:
        folder: in place of ``CASPARIAN_HOME``.
    """
    path = (folder or home()) / FILE
    try:
        content = json.loads(path.read_text("utf-8"))
        entries = [_entry(entry) for entry in content["parsers"]]
    except FileNotFoundError:
        return Remembered()
    except OSError as error:
        return Remembered(notice=f"{path} can't be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, RecursionError):
        return Remembered(notice=f"{path} is damaged: the last parser and samples are forgotten")
    if not entries:
        return Remembered()
    return Remembered(*entries[0], tuple(entries[1:]))


def remember(parser: Path, samples: tuple[Path, ...], folder: Path | None = None) -> None:
    """Keep a parser and its samples for the next session. What is kept is whole at any time.

    Raises:
        OSError: the file can't be written.
    """
    place = folder or home()
    known = recall(place)
    entries = [(parser, samples)]
    if known.parser is not None:
        entries += [
            entry for entry in ((known.parser, known.samples), *known.recent) if entry[0] != parser
        ]
    content = {
        "parsers": [
            {"parser": str(parser), "samples": [str(path) for path in samples[:_MOST_SAMPLES]]}
            for parser, samples in entries[:_MOST]
        ]
    }
    place.mkdir(parents=True, exist_ok=True)
    written = place / f".{FILE}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        # A name that is no UTF-8 comes back as it was: JSON escapes what stands for its bytes.
        written.write_text(json.dumps(content, indent=1), "ascii")
        written.replace(place / FILE)
    finally:
        written.unlink(missing_ok=True)


def _entry(entry: Any) -> tuple[Path, tuple[Path, ...]]:
    parser, samples = entry["parser"], entry["samples"]
    if not isinstance(samples, list) or not all(isinstance(s, str) for s in [parser, *samples]):
        raise TypeError
    return Path(parser), tuple(map(Path, samples))
