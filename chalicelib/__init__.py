"""Sambat: a complaint comes in, the division that must act is told at once, its deadline is watched.

Who may import whom (held by tests/test_architecture.py):

    app        -> api, stream, workflows, settings
    api        -> workflows, adapters, domain, pages, settings
    stream     -> workflows, adapters
    workflows  -> adapters, domain, settings
    adapters   -> domain, settings
    domain     -> domain and the standard library, nothing else: no clock, no environment, no I/O
"""
