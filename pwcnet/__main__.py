"""`python -m pwcnet`."""

from pwcnet.cli.main import main

if __name__ == "__main__":
    main()
