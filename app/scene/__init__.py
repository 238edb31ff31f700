"""What the 3D view shows and from where, as numbers: looks, limbs and lines. No Qt, no drawing."""
