"""Turns data files into readings of twins, in time order and at a chosen speed.

A mapping file says which column means what (`mapping.py`); `csv_source.py` reads rows under it and
reports bad ones by line; `player.py` says when to send what. Nothing here sleeps, signs or sends:
gateways do. Start reading at `source.py`.
"""
