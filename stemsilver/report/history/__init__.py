"""What earlier builds measured."""
