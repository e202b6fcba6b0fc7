"""Whether recordings are whole whose length stands in no header: what Ogg and MP3 say of their own end."""

from __future__ import annotations

import io
from typing import BinaryIO

from vad.errors import AudioError

# The longest page of Ogg has 65,307 bytes: so much from the end on holds the start of the last one.
_OGG_TAIL = 1 << 16
_OGG_HEADER = 27
# Beyond the tags, MP3 begins at once or after some padding.
_MP3_HEAD = 1 << 14
_MP3_HEADER = 4
_ID3_HEADER = 10


def check_ogg(stream: BinaryIO, name: str) -> None:
    """Refuses an Ogg recording that ends inside a page; anything else is left to its decoder.

    The flag of the last page tells nothing: Android's recorder and other writers of whole recordings never set it.

    Args:
        stream: binary, able to seek; left at its start.
        name: of the recording, for messages.

    Raises:
        AudioError: with how many bytes are missing at least.

    References:
        RFC 3533, section 6.
    """
    stream.seek(0)
    is_ogg = stream.read(4) == b"OggS"
    n_bytes = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, n_bytes - _OGG_TAIL))
    tail = stream.read() if is_ogg else b""
    stream.seek(0)
    page = _last_page(tail)
    if not page:
        return
    n_lacing = page[_OGG_HEADER - 1] if len(page) >= _OGG_HEADER else 1
    needed = _OGG_HEADER + n_lacing + sum(page[_OGG_HEADER : _OGG_HEADER + n_lacing])
    if len(page) < needed:
        raise AudioError(
            f"{name}: truncated: ends inside an Ogg page, which promises {needed} bytes, {len(page)} are there; copy "
            "or download it again"
        )


def _last_page(tail: bytes) -> bytes:
    end = len(tail)
    while (start := tail.rfind(b"OggS", 0, end)) >= 0:
        page = tail[start:]
        # The version is 0 and there are three flags: other bytes are sound that happens to look like a page.
        if page[4:5] in (b"", b"\0") and page[5:6] < b"\x08":
            return page
        end = start
    return b""


def stated_mp3_samples(stream: BinaryIO) -> int | None:
    """Returns how many samples a channel the Xing or Info header of an MP3 promises, padding of the encoder included.

    Args:
        stream: binary, able to seek; left where it is.

    Returns:
        None when there is no such header, or it does not say.
    """
    position = stream.tell()
    try:
        return _xing_samples(_after_tags(stream))
    finally:
        stream.seek(position)


def _after_tags(stream: BinaryIO) -> bytes:
    """Returns what follows the ID3v2 tags at the start of a stream."""
    start = 0
    while True:
        stream.seek(start)
        head = stream.read(_MP3_HEAD)
        if head[:3] != b"ID3" or len(head) < _ID3_HEADER:
            return head
        # Seven bits in each of four bytes; a footer repeats the header.
        length = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        start += _ID3_HEADER + length + (_ID3_HEADER if head[5] & 0x10 else 0)


def _xing_samples(head: bytes) -> int | None:
    for start in range(max(0, len(head) - _MP3_HEADER)):
        # Eleven bits of synchrony, a version that is not reserved, layer III.
        if head[start] != 0xFF or head[start + 1] & 0xE6 != 0xE2 or head[start + 1] & 0x18 == 0x08:
            continue
        is_mpeg1, is_mono = head[start + 1] & 0x18 == 0x18, head[start + 3] & 0xC0 == 0xC0
        # The header stands where the side information of the first frame would have ended.
        side = (17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17)
        xing = head[start + _MP3_HEADER + side :][:12]
        if xing[:4] not in (b"Xing", b"Info") or len(xing) < 12 or not xing[7] & 1:
            return None
        return int.from_bytes(xing[8:12], "big") * (1152 if is_mpeg1 else 576)
    return None
