"""The use cases, each in three steps: gather what is known, let the domain decide, apply it.

filing    a complaint comes in (web, or a whole SMS)
texting   an SMS comes in: command, part, twin, or complaint
doubling  the same once more: of the same number, or likely of several
telling   a change of a complaint -> the people who are owed a message
counting  a change of a complaint -> the statistics
handling  an officer or admin acts on a complaint
following the reporter adds, replies, rates, reopens
sweeping  what ran out is recorded; long SMS that never became whole are filed
standings the ladder of divisions: replayed, confirmed or dismissed, on the way down
contesting  a division contests an escalation, an admin settles it
mornings  what is said once a day: reminders, each OPD's numbers, the month's best
rewarding nominations and rewards
owing     what a sweep has to say is sent
holidays  the table of holidays changes, and deadlines with it
reconciling  what the stream forgot is found, sent and counted
recomputing  what is stored is compared with the record
changing  one step on one complaint, whoever else writes
city      the OPDs, routing rules, calendar and policy that they all need
"""
