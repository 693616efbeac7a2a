"""What is done to training pictures: augmentation, sharpness matching, reconstructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from train.augment._augment import Augment, augmented_crop
    from train.augment._sharpness import match_sharpness, sharpness
    from train.augment._upscalers import UPSCALERS, UpscalerNet, open_upscaler, upscale

__all__ = [
    "UPSCALERS",
    "Augment",
    "UpscalerNet",
    "augmented_crop",
    "match_sharpness",
    "open_upscaler",
    "sharpness",
    "upscale",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "train.augment._augment": (
            "Augment",
            "augmented_crop",
        ),
        "train.augment._sharpness": (
            "match_sharpness",
            "sharpness",
        ),
        "train.augment._upscalers": (
            "UPSCALERS",
            "UpscalerNet",
            "open_upscaler",
            "upscale",
        ),
    },
)
