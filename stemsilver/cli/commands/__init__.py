"""The commands, each in the module of the same name."""
