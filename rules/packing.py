r"""Arrays and a JSON header in one byte string: the form of snapshots. No pickle, nothing executable.

FSRULES1\n | u32 header length | header (JSON) | raw little-endian buffers, one after the other
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import WireError

MAGIC = b"FSRULES1\n"
MOST_HEADER = 2**30
_DTYPES = {"u1": np.uint8, "b1": np.bool_, "i4": np.int32, "i8": np.int64, "f8": np.float64}
_NAMES = {np.dtype(kind): name for name, kind in _DTYPES.items()}

AnyArray = NDArray[Any]


def pack(header: Mapping[str, Any], arrays: Mapping[str, AnyArray]) -> bytes:
    """Return header and arrays as bytes; their shape is the reader's business, they come back flat."""
    shapes = [[name, _NAMES[array.dtype], array.size] for name, array in arrays.items()]
    text = json.dumps({"header": header, "arrays": shapes}, ensure_ascii=False).encode()
    buffers = [np.ascontiguousarray(array).tobytes() for array in arrays.values()]
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *buffers])


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, AnyArray]]:
    """Return header and (writable) arrays; raises WireError for anything that `pack` did not make."""
    at = len(MAGIC) + 4
    if len(data) < at or not data.startswith(MAGIC):
        raise WireError("no snapshot of the rules engine", data)
    (length,) = struct.unpack_from("<I", data, len(MAGIC))
    if length > MOST_HEADER or at + length > len(data):
        raise WireError("snapshot ends within its header", data)
    try:
        top = json.loads(data[at : at + length])
        header, shapes = dict(top["header"]), [(str(name), _DTYPES[kind], int(n)) for name, kind, n in top["arrays"]]
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(f"snapshot's header is not ours: {error}", data) from error
    at += length
    arrays: dict[str, AnyArray] = {}
    for name, kind, count in shapes:
        size = count * np.dtype(kind).itemsize
        if count < 0 or at + size > len(data):
            raise WireError(f"snapshot ends within '{name}'", data)
        arrays[name] = np.frombuffer(data, kind, count, at).copy()
        at += size
    if at != len(data):
        raise WireError("snapshot is longer than its header says", data)
    return header, arrays
