"""Workflows and coordinators of Oozie, made of the jobs of orchestration/jobs.toml."""
