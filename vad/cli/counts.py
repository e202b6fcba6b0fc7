"""Numbers of things, in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Returns a number and what it counts: ``1 recording``, ``2 recordings``.

    Args:
        number: how many.
        noun: in the singular, with a plural in s.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
