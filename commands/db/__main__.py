from commands.db import cli

cli()
