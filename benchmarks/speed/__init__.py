"""Speed: latency by step, throughput, scans, layers of the networks, install size."""
