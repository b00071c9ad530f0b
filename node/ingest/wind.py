"""The bundled week of the La Haute Borne wind farm: real SCADA records of four turbines.

Ten-minute means from 2015-02-05 to 2015-02-12 UTC. Turbine R80790 stood still from 2015-02-07
11:00 UTC on, for forty hours in a good wind. The files run through the same mapping as any CSV;
`data/la-haute-borne-2015-02-licence.txt` says where they come from and who is to be credited.
"""

from pathlib import Path
from typing import Final

WIND_CSV: Final = Path(__file__).parent / "data" / "la-haute-borne-2015-02.csv.gz"
