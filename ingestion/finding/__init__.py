"""From names to bytes: what a load names becomes files on this machine, whose content can be read.

finding.py    all files that are named           fetch/ brings them here
archive.py    which members of a zip hold data   and when none of it is to be read
content.py    the bytes, unpacked, and their id
web_page.py   pages that come in place of data
"""
