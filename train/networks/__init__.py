"""The networks that are trained, and a frozen encoder."""

from __future__ import annotations

from train.networks._encoder_head import PLACES, EncoderHead, pool_tokens, region_weights
from train.networks._teacher import (
    ENCODER_DEVIATION,
    ENCODER_FILE,
    ENCODER_INPUT,
    ENCODER_MEAN,
    ENCODER_SIDE,
    load_encoder,
    open_encoder,
    read_encoder,
    tokens_name,
)

__all__ = [
    "ENCODER_DEVIATION",
    "ENCODER_FILE",
    "ENCODER_INPUT",
    "ENCODER_MEAN",
    "ENCODER_SIDE",
    "PLACES",
    "EncoderHead",
    "load_encoder",
    "open_encoder",
    "pool_tokens",
    "read_encoder",
    "region_weights",
    "tokens_name",
]
