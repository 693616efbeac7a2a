"""The networks that are trained: backbones, heads, warm starts; and a frozen encoder."""

from __future__ import annotations

from train.networks._encoder_head import PLACES, EncoderHead, pool_tokens, region_weights
from train.networks._heads import LOGIT, build_head, join, pool
from train.networks._teacher import (
    BLOCKS,
    ENCODER_DEVIATION,
    ENCODER_FILE,
    ENCODER_INPUT,
    ENCODER_MEAN,
    ENCODER_SIDE,
    load_encoder,
    open_encoder,
    open_teacher,
    read_encoder,
    tokens_name,
)
from train.networks.backbones import BACKBONES, Backbone, get_backbone

__all__ = [
    "BACKBONES",
    "BLOCKS",
    "ENCODER_DEVIATION",
    "ENCODER_FILE",
    "ENCODER_INPUT",
    "ENCODER_MEAN",
    "ENCODER_SIDE",
    "LOGIT",
    "PLACES",
    "Backbone",
    "EncoderHead",
    "build_head",
    "get_backbone",
    "join",
    "load_encoder",
    "open_encoder",
    "open_teacher",
    "pool",
    "pool_tokens",
    "read_encoder",
    "region_weights",
    "tokens_name",
]
