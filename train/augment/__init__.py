"""What is done to training pictures: augmentation, sharpness matching, reconstructions."""

from __future__ import annotations

from train.augment._augment import augmented_crop
from train.augment._latent_pairs import make_reconstructions
from train.augment._sharpness import match_sharpness, sharpness

__all__ = ["augmented_crop", "make_reconstructions", "match_sharpness", "sharpness"]
