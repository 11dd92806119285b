"""`python -m stemsilver`: the command line."""

from stemsilver.cli import main

if __name__ == "__main__":
    main()
