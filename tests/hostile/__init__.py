"""Pictures and folders made to break what reads them; `python -m tests.hostile OUT` writes them.

Nothing here is kept as a file: every picture is made from a seed picture and a few lines that say
what is wrong with it.
"""
