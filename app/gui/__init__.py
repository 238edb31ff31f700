"""The window. The only place that imports Qt; everything it computes goes through the pipeline."""
