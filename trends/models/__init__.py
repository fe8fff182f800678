"""What numbers follow from counts? Arrays in, arrays out: no result, no words, no file."""
