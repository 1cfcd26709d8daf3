"""Runs the command line as `python -m qbwc_server`."""

from qbwc_server.cli import main

if __name__ == "__main__":
    main()
