"""`ontime doctor`: what stands in the way of the warehouse, each with its remedy.

machine.py looks at the server's process, the disk, packages and files; sessions.py at who is connected and
holds what; warehouse.py at roles, settings and what is in the database.
"""
