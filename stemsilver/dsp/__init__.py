"""Signal processing: arrays in, arrays out. No files, no configuration, no logging."""
