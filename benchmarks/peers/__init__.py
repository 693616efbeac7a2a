"""What people could run instead: the same network elsewhere, other networks, other detectors.

Every peer runs in a process of its own, so that one that is missing or breaks is a row that says
why, memory is that of one peer alone, and a peer whose requirements clash with ours can come from
another Python environment.
"""
