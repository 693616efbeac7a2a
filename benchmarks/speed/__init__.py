"""Speed: latency by step, scans, a server under load."""
