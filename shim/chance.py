"""Chance in forks: what was drawn before the fork would be the same in every run.

So no module is loaded ahead that draws when it is imported (an id of its own, a seed) or that makes
a generator of random numbers then. Python's own generator is seeded anew by a fork, numpy's here.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from types import FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Of the standard library, what draws on behalf of whoever calls it.
_DRAW_FOR_OTHERS = frozenset(("uuid", "secrets", "random", "tempfile"))
#: As many as no two runs will ever draw alike.
_SEED_BYTES = 32
_NUMPY = ("RandomState", "Generator", "BitGenerator")
#: A generator is looked for in what holds it, in what holds that, and so on.
_DEEPEST = 6


def seed_anew() -> None:
    """In a fork: give it chance of its own."""
    numpy = sys.modules.get("numpy.random")  # not by way of numpy, which would import it now
    if numpy is not None:
        # Python's own is seeded anew by a fork. What numpy draws by itself it would spread over its
        # whole state in Python, which takes ten times as long.
        numpy.seed(memoryview(os.urandom(_SEED_BYTES)).cast("I"))


class Drawing:
    """While it is entered, tells what draws random bytes, but for the standard library and numpy.

    Neither keeps what it draws but in generators, which are looked for, or seeded anew.

    Args:
        tell: is called with the name of the module that does.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def __enter__(self) -> None:
        real = self._real = os.urandom
        self._over = False

        def urandom(size: int, /) -> bytes:
            # A module that took it by its name keeps it.
            if not self._over:
                name = _who_draws(sys._getframe(1))
                if name.partition(".")[0] not in {*sys.stdlib_module_names, "numpy"}:
                    self._tell(name)
            return real(size)

        os.urandom = random._urandom = urandom  # type: ignore[attr-defined]

    def __exit__(self, *_: object) -> None:
        self._over = True
        os.urandom = random._urandom = self._real  # type: ignore[attr-defined]


def _who_draws(frame: FrameType | None) -> str:
    name = ""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name not in _DRAW_FOR_OTHERS:
            break
        frame = frame.f_back
    return name


def generators() -> list[Any]:
    """The generators of random numbers in this process that a fork does not seed anew."""
    numpy = sys.modules.get("numpy.random")
    kinds: tuple[type, ...] = (random.Random,)
    seeded = [random._inst]
    if numpy is not None:
        kinds += tuple(getattr(numpy, name) for name in _NUMPY)
        own = numpy.mtrand._rand
        seeded += [own, own._bit_generator]
    return [
        one
        for one in gc.get_objects()
        if issubclass(type(one), kinds)
        and not isinstance(one, random.SystemRandom)
        and not any(one is other for other in seeded)
    ]


def owner(thing: Any) -> str | None:
    """The name of a module that holds a thing, itself or in what it holds."""
    modules = {id(module.__dict__): name for name, module in list(sys.modules.items())}
    level, seen = [thing], {id(thing)}
    for _ in range(_DEEPEST):
        above = []
        for holder in gc.get_referrers(*level):
            if id(holder) in modules:
                return modules[id(holder)]
            if id(holder) not in seen and not isinstance(
                holder, (FrameType, FunctionType, ModuleType)
            ):
                seen.add(id(holder))
                above.append(holder)
        level = above
    return None
