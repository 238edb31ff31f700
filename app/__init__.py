"""The application: one pipeline from a video to files, and the command line over it."""
