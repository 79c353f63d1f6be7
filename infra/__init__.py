"""Operator's tools: the template's additions, the local runner, packaging. Nothing here runs in a Lambda."""
