"""CBOR: values of the RFC, and whatever else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeface.provenance._cbor import CborError, read_cbor

VALUES: dict[str, Any] = {
    "00": 0, "17": 23, "1818": 24, "1903e8": 1000, "1b000000e8d4a51000": 1000000000000,
    "20": -1, "3903e7": -1000, "f90000": 0.0, "f93c00": 1.0, "fa47c35000": 100000.0,
    "fb3ff199999999999a": 1.1, "f4": False, "f5": True, "f6": None, "f7": None,
    "c074323031332d30332d32315432303a30343a30305a": "2013-03-21T20:04:00Z",
    "40": b"", "4401020304": b"\1\2\3\4", "60": "", "62c3bc": "\u00fc",
    "80": [], "83010203": [1, 2, 3], "8301820203820405": [1, [2, 3], [4, 5]],
    "a0": {}, "a201020304": {1: 2, 3: 4}, "a26161016162820203": {"a": 1, "b": [2, 3]},
    "5f42010243030405ff": b"\1\2\3\4\5", "7f657374726561646d696e67ff": "streaming",
    "9fff": [], "9f018202039f0405ffff": [1, [2, 3], [4, 5]],
    "bf61610161629f0203ffff": {"a": 1, "b": [2, 3]},
}  # fmt: skip
"""Examples of RFC 8949, appendix A."""


@pytest.mark.parametrize("digits", list(VALUES))
def test_examples(digits: str) -> None:
    assert read_cbor(bytes.fromhex(digits)) == VALUES[digits]


@pytest.mark.parametrize(
    "digits",
    [
        "", "0000", "18", "1c", "ff", "62c3", "61ff", "8201", "a101", "bf01ff", "a1f400", "9f01",
        "5f6161ff", "7f4100ff", "82ff01", "1f", "e0", "f8", "9b" + "ff" * 8, "bb" + "ff" * 8,
        "5b" + "ff" * 8, "81" * 100 + "00", "9f" + "00" * 60_000 + "ff", "c1" * 2000 + "00",
    ],
)  # fmt: skip
def test_what_is_broken_or_too_much(digits: str) -> None:
    with pytest.raises(CborError):
        read_cbor(bytes.fromhex(digits))


@given(st.binary(max_size=64))
def test_any_bytes(data: bytes) -> None:
    try:
        read_cbor(data)
    except CborError:
        return
