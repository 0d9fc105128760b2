"""Sparkplug B payloads: births, deaths, commands, and data straight from and to columns.

Input: columns of readings, birth metrics. Output: protobuf bytes of the Sparkplug 3.0.0 payload.
The general case goes through protobuf; the everyday case (numbers, good quality) is vectorised.
"""

from backbone.sparkplug.births import (
    Birth,
    BirthMetric,
    decode_birth,
    decode_death,
    encode_birth,
    encode_death,
    encode_rebirth,
    is_rebirth,
)
from backbone.sparkplug.data import (
    Data,
    decode_batch,
    decode_data,
    encode_batch,
    encode_data,
    encode_metrics,
    head,
    with_seq,
    without_head,
)

__all__ = [
    "Birth",
    "BirthMetric",
    "Data",
    "decode_batch",
    "decode_birth",
    "decode_data",
    "decode_death",
    "encode_batch",
    "encode_birth",
    "encode_data",
    "encode_death",
    "encode_metrics",
    "encode_rebirth",
    "head",
    "is_rebirth",
    "with_seq",
    "without_head",
]
