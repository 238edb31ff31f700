"""`python -m app` is `stcstudio`."""

from app.cli import main

if __name__ == "__main__":
    main()
