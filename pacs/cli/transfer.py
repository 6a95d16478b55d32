"""``pacs send`` and ``pacs echo``: this node as the client of another."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from dicom_nodes import scu
from pacs.bootstrap import load_settings
from pacs.cli.archive import progress_bar
from pacs.cli.network import Address, parse_address
from pacs.cli.options import Data, console, fail

REASONS_SHOWN = 20
