"""What a training is told: TOML recipes and the dataclasses that check them."""
