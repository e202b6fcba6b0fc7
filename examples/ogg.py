"""Ogg files that are the same each time they are made."""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER_BYTES = 27
_SERIAL, _CHECKSUM, _N_SEGMENTS = 14, 22, 26


def _make_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


_TABLE = _make_table()


def fix_serial_numbers(path: Path) -> None:
    """Gives the only stream of an Ogg file the serial number 0, in place of a random one.

    References:
        RFC 3533, section 6: the page header and its checksum.
    """
    data = bytearray(path.read_bytes())
    start = 0
    while start < len(data):
        n_segments = data[start + _N_SEGMENTS]
        body = start + _HEADER_BYTES + n_segments
        stop = body + sum(data[start + _HEADER_BYTES : body])
        data[start + _SERIAL : start + _SERIAL + 4] = bytes(4)
        data[start + _CHECKSUM : start + _CHECKSUM + 4] = bytes(4)
        checksum = 0
        for byte in data[start:stop]:
            checksum = (checksum << 8 & 0xFFFFFFFF) ^ _TABLE[checksum >> 24 ^ byte]
        data[start + _CHECKSUM : start + _CHECKSUM + 4] = struct.pack("<I", checksum)
        start = stop
    path.write_bytes(data)
