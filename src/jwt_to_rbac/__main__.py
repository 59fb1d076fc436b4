"""`python -m jwt_to_rbac` is the command `jwt-to-rbac`."""

from jwt_to_rbac.cli.entry import main

if __name__ == "__main__":
    main()
