"""The networks that are trained: backbones, heads, warm starts."""

from __future__ import annotations

from train.networks._heads import LOGIT, build_head, join, pool
from train.networks.backbones import BACKBONES, Backbone, get_backbone

__all__ = ["BACKBONES", "LOGIT", "Backbone", "build_head", "get_backbone", "join", "pool"]
