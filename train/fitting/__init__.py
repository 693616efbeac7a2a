"""Training itself: frozen backbones, fine-tuning, averages of weights, run directories."""
