"""The whole service on one machine: `python -m infra.local run`, and the commands that talk to a running one.

Everything that AWS does around the functions is done here as AWS does it: the gateway before the API, the event source
mapping before `notify_opd`, the schedule before `sweep_deadlines`. The database, mail and sign-in are the emulator's.
"""
