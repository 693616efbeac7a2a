"""The networks that are trained: backbones, heads, warm starts; and a frozen encoder."""

from __future__ import annotations

from train.networks._heads import LOGIT, build_head, join, pool
from train.networks._teacher import (
    BLOCKS,
    ENCODER_DEVIATION,
    ENCODER_FILE,
    ENCODER_INPUT,
    ENCODER_MEAN,
    ENCODER_PATCH,
    ENCODER_SIDE,
    load_encoder,
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
    "ENCODER_PATCH",
    "ENCODER_SIDE",
    "LOGIT",
    "Backbone",
    "build_head",
    "get_backbone",
    "join",
    "load_encoder",
    "open_teacher",
    "pool",
    "read_encoder",
    "tokens_name",
]
