from commands.db import cli
from commands.terminal import start

start(cli)
