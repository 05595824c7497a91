"""Raw text read once more: the forms and their casts, which file counts, and the figure. Knows no model."""
