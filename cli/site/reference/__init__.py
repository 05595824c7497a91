"""What pages of reference are made of: the project, what marts say of their columns, lineage, questions."""
