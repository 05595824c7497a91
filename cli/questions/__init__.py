"""Answers from the published marts."""
