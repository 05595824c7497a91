"""All that leans on dlt: its pipeline for a load, and the destination whose jobs land files.

Here `import dlt` is the library, since imports are absolute. It takes a second to import: callers import this
folder where they need it.
"""
