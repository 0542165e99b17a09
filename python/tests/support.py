"""Lets the tests import the reader from the folder beside them."""

import os
import sys

PYTHON = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(PYTHON)
sys.path.insert(0, PYTHON)
sys.path.insert(0, os.path.join(PYTHON, "tests"))
