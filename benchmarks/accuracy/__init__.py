"""How right the detector is: scores, metrics, degradations, families left out, faces."""
