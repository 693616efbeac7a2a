"""Labelled pictures: folders and manifests, splits, face boxes, sampling, caches."""
