"""What happens to training pictures: augmentation, sharpness matching, reconstructions."""
