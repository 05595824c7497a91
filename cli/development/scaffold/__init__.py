"""`ontime new`: the files of a new model, mart, metric, source or form, where CONTRIBUTING.md has them.

`changes` writes all files or none, `project` says what is there already and how names are to be, `templates/`
has the texts. The other modules say which files one kind of thing touches.
"""
