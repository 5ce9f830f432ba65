"""``comity export``: what the reader may see, as a file."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from comity.cli.connection import connected
from comity.client import Client


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice(["geojson", "parquet"]),
    help="From the file's ending, if left out.",
)
@click.option("--no-tracks", is_flag=True, help="Leave aircraft out.")
@click.option("--no-items", is_flag=True, help="Leave intents and constraints out.")
@connected
def export(client: Client, file: Path, format_: str | None, no_tracks: bool, no_items: bool) -> None:
    """Write what was released to you to FILE, as GeoJSON or Parquet.

    Areas follow the ellipsoid, reserved items are their cells, aircraft are points; numbers carry their
    unit in their name.

    \b
    comity export now.geojson
    comity export aircraft.parquet --no-items
    """
    from comity.cli import geojson, parquet

    kind = format_ or {".parquet": "parquet", ".geojson": "geojson", ".json": "geojson"}.get(file.suffix)
    if kind is None:
        raise click.UsageError("give --format: the file's ending does not say what it is to be")
    seen = client.airspace()
    tracks = () if no_tracks else client.picture().tracks
    collection = geojson.collection(() if no_items else seen.items, tracks, seen.as_of)
    if kind == "parquet":
        parquet.write(collection, seen.as_of, file)
    else:
        file.write_bytes(msgspec.json.encode(collection))
    click.echo(f"{len(collection['features'])} features to {file}, as of {seen.as_of.isoformat()}", err=True)
