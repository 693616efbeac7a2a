"""What this installation is and whether it works: doctor, golden scores, latency."""
