"""The view models of the pages, and their writer."""
