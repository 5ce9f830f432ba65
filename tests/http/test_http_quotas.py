"""Quotas are each participant's own, over HTTP and in arithmetic."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from comity.http.quota import Bucket
from tests.http.serving import INTENT, changed, serving


def test_a_used_up_quota_says_when_and_touches_nobody_else(tmp_path: Path) -> None:
    with (
        serving(tmp_path, quotas="writes_per_s = 0.5\nwrites_burst = 2\n") as served,
        served.client("south") as south,
        served.client("north") as north,
    ):
        for lat in (46.0, 47.0):
            body = changed(INTENT, "volumes.0.outline.centre.lat", lat)
            assert served.put(south, "/v1/intents", body).status_code == 201
        refused = served.put(south, "/v1/intents", INTENT)
        assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
        assert refused.headers["retry-after"] == "2"
        assert served.put(north, "/v1/intents", INTENT).status_code == 201
        assert south.get("/v1/whoami").status_code == 200
        served.clock.advance(2)
        later = changed(INTENT, "volumes.0.outline.centre.lat", 48.0)
        assert served.put(south, "/v1/intents", later).status_code == 201
        assert served.put(south, "/v1/intents", later).status_code == 429


def test_reports_are_counted_in_bytes(tmp_path: Path) -> None:
    with (
        serving(tmp_path, quotas="report_bytes_per_s = 100.0\nreport_bytes_burst = 500\n") as served,
        served.client("south") as south,
    ):
        path = "/v1/feeds/sbs?feed=receiver&provenance=broadcast"
        headers = {"content-type": "text/plain"}
        assert south.post(path, content=b"\n" * 400, headers=headers).status_code == 200
        refused = south.post(path, content=b"\n" * 400, headers=headers)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")


@given(
    rate=st.floats(0.1, 1_000),
    burst=st.integers(1, 1_000),
    asks=st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 50)), max_size=60),
)
def test_a_bucket_never_gives_more_than_its_rate_and_burst(
    rate: float, burst: int, asks: list[tuple[float, float]]
) -> None:
    bucket = Bucket(rate, burst)
    now_s, given_out = 0.0, 0.0
    for pause_s, amount in asks:
        now_s += pause_s
        wait_s = bucket.take(amount, now_s)
        if wait_s > 0.0:
            now_s += wait_s * 1.000001 + 1e-9
            assert bucket.take(amount, now_s) == 0.0, "it can be taken when it said so"
        given_out += amount
        assert given_out <= max(burst, amount) + rate * now_s + 1e-6
