"""From a file, bytes or an array to RGB pixels: sniff, read, decode, within a memory budget."""
