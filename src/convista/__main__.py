"""``python -m convista``: the command line."""

from convista.cli import main

if __name__ == "__main__":
    main()
