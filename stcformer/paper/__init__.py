"""The paper's own work: its data sets, its training recipe, its protocols and its tables."""
