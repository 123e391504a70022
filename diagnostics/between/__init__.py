"""The verdict on two captures: what the segment between the points has to do with it."""
