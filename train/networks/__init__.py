"""The networks that are trained: backbones, heads, test-time augmentation, warm starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from train.networks._heads import LOGIT, HeadSpec, build_head, join, pool
    from train.networks._tta import TRANSFORMS, apply_transforms, is_filter, mean_over_transforms
    from train.networks.backbones import BACKBONES, Backbone, get_backbone

__all__ = [
    "BACKBONES",
    "LOGIT",
    "TRANSFORMS",
    "Backbone",
    "HeadSpec",
    "apply_transforms",
    "build_head",
    "get_backbone",
    "is_filter",
    "join",
    "mean_over_transforms",
    "pool",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "train.networks._heads": (
            "LOGIT",
            "HeadSpec",
            "build_head",
            "join",
            "pool",
        ),
        "train.networks._tta": (
            "TRANSFORMS",
            "apply_transforms",
            "is_filter",
            "mean_over_transforms",
        ),
        "train.networks.backbones": (
            "BACKBONES",
            "Backbone",
            "get_backbone",
        ),
    },
)
