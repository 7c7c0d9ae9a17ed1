"""When a certificate ends, read from its DER form: the ssl module tells it only for certificates it has verified."""

from __future__ import annotations

from datetime import datetime, timezone

_SEQUENCE, _VERSION, _UTC_TIME = 0x30, 0xA0, 0x17


def not_after(der: bytes) -> datetime:
    """The end of validity in UTC; raises ValueError when this is no X.509 certificate."""
    certificate, _ = _value(der, 0, _SEQUENCE)
    fields, _ = _value(certificate, 0, _SEQUENCE)
    offset = _skip(fields, 0) if fields[:1] == bytes([_VERSION]) else 0
    for _ in range(3):  # serial number, signature algorithm, issuer
        offset = _skip(fields, offset)
    validity, _ = _value(fields, offset, _SEQUENCE)
    end = _skip(validity, 0)
    text = _value(validity, end, validity[end])[0].decode("ascii")
    if validity[end] == _UTC_TIME:  # two-digit years: RFC 5280 puts 50 and above into the last century
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)


def _value(data: bytes, offset: int, tag: int) -> tuple[bytes, int]:
    """The content of the element at `offset`, which must have this tag, and where the next begins."""
    if len(data) < offset + 2 or data[offset] != tag:
        raise ValueError("not a certificate")
    length, start = data[offset + 1], offset + 2
    if length & 0x80:
        octets = length & 0x7F
        length, start = int.from_bytes(data[start : start + octets], "big"), start + octets
    if start + length > len(data):
        raise ValueError("the certificate is cut off")
    return data[start : start + length], start + length


def _skip(data: bytes, offset: int) -> int:
    if offset >= len(data):
        raise ValueError("the certificate is cut off")
    return _value(data, offset, data[offset])[1]
