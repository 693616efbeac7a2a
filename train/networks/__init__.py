"""The networks that are trained: backbones, heads, test-time augmentation, warm starts."""
