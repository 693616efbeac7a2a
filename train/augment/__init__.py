"""What is done to training pictures: augmentation, sharpness matching, reconstructions."""
