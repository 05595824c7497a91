"""Brings the files that a load names to this machine: paths, patterns, web addresses, objects in buckets.

arguments -> fetch.py: what do they name?
               -> paths.py: files and folders on this machine
               -> web.py: http and https
               -> buckets.py: s3, gs and az, through fsspec
                    -> attempts.py: how a file that breaks is tried again
                    -> cache.py: where fetched files stay, and what proves them sound
"""
