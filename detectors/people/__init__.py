"""Several people: who is who from picture to picture, whose left is whose, and each one's own part of a picture."""
