"""How keys are written for a person."""

from __future__ import annotations

_KEYS = {
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "minus": "-",
    "plus": "+",
    "slash": "/",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "equals_sign": "=",
    "dollar_sign": "$",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def shown_key(key: str) -> str:
    """Return a key as people write it."""
    return " ".join(_shown(one.strip()) for one in key.split(","))


def _shown(key: str) -> str:
    *modifiers, last = key.split("+")
    marks = "".join({"ctrl": "^", "shift": "⇧"}.get(one, f"{one}-") for one in modifiers)
    return marks + _KEYS.get(last, last)
