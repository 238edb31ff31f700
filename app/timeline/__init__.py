"""What is shown over a clip's time, as numbers: the axis, lanes with what is worth a look, curves. No Qt, no drawing."""
