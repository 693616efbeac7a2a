"""How right the detector is: scores, metrics, degradations, excluded sources, heat maps, faces."""
