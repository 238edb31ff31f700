"""Files that the program ships: trained weights and the demo clip."""
