"""`make bench`: what the service costs, as ratios and units measured in one run (`python -m infra.bench`).

Each part is a program of its own, in a fresh interpreter: what one imports or holds must not count for another.
"""
