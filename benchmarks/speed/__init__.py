"""How fast it is: latency by step, throughput, scans, layers of the networks, install size."""
