"""The use cases, each in three steps: gather what is known, let the domain decide, apply it.

filing    a complaint comes in (web, or a whole SMS)
texting   an SMS comes in: command, part, twin, or complaint
telling   a change of a complaint -> the people who are owed a message
handling  an officer or admin acts on a complaint
sweeping  what is due is escalated; long SMS that never became whole are filed
reconciling  what the stream forgot is found and sent
recomputing  what is stored is compared with the timelines
city      the OPDs, routing rules, calendar and policy that they all need
"""
