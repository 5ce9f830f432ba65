"""The configuration file: TOML into frozen values, every key known, every mistake named.

Paths are taken relative to the configuration file's own folder, so that a set-up can be moved as a whole.
Secrets never stand in the file: it names key files, which other commands create, and none has a
default. ``comity.example.toml`` shows every setting with a comment; a test keeps it complete.
"""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from comity.alerts.settings import DEFAULT, AlertSettings, Confirmation, Minima, PairMinima
from comity.errors import InvalidInput
from comity.ids import SLUG
from comity.model.charter import Charter
from comity.model.observation import Provenance
from comity.model.participant import Participant, Person
from comity.model.volume import Instant
from comity.wire.decode import explain
from comity.wire.f3548_bodies import base_url

Seconds = Annotated[float, Meta(gt=0, le=31_622_400)]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Rate = Annotated[float, Meta(gt=0, le=1_000_000)]
Height = Annotated[float, Meta(ge=-12_000, le=12_000)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,39}$", max_length=40)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ExchangeSection(_Section, frozen=True):
    """``name`` is signed into commands and checkpoints: it never changes. ``data_dir`` holds the ledger,
    recordings and snapshots; ``key_file`` the secrets behind seals, checkpoints and ids. ``view_limit``:
    items that one participant may hold at once; past it a read is refused, never shortened."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{1,62}$", max_length=63)]
    data_dir: str
    key_file: str
    view_limit: Count = 20_000


class ServerSection(_Section, frozen=True):
    """Port 0 takes a free one. ``more``: further addresses, as ``host:port``, on which the same is served: a
    pool of DSS instances in one process. Off loopback ``tls_cert`` and ``tls_key`` are required.
    ``body_bytes`` is at most half of what one entry of the ledger holds: numbers grow a little when they are
    written out."""

    host: str = "127.0.0.1"
    port: Port = 8787
    more: tuple[str, ...] = ()
    tls_cert: str | None = None
    tls_key: str | None = None
    body_bytes: Annotated[int, Meta(ge=1, le=2_097_152)] = 1_048_576
    feed_body_bytes: Count = 8_388_608
    header_bytes: Annotated[int, Meta(ge=4_096, le=1_048_576)] = 32_768
    head_timeout_s: Seconds = 10.0
    body_timeout_s: Seconds = 30.0
    connections: Count = 2_000
    backlog: Count = 2_048
    stop_timeout_s: Seconds = 5.0


class StreamSection(_Section, frozen=True):
    """Bounds of one client's unsent frames. ``origins``: other web origins whose pages may connect."""

    pending_frames: Count = 8
    pending_bytes: Count = 8_388_608
    page_changes: Count = 5_000
    sign_in_s: Seconds = 5.0
    origins: tuple[str, ...] = ()


class IssuerKeys(_Section, frozen=True):
    """Whose tokens are believed, by which keys, and about which participants (``["*"]``: about all)."""

    issuer: Name
    participants: Annotated[tuple[str, ...], Meta(min_length=1)]
    public_keys: tuple[str, ...] = ()
    jwks: str | None = None


class AuthSection(_Section, frozen=True):
    """``audiences``: a token must name one; without any the exchange's name is the one."""

    audiences: tuple[Name, ...] = ()
    max_lifetime_s: Annotated[int, Meta(ge=60, le=604_800)] = 43_200
    cached_tokens: Count = 10_000
    issuers: tuple[IssuerKeys, ...] = ()


class IssuerSection(_Section, frozen=True):
    """The built-in issuer, for a set-up on a single machine. Off unless switched on."""

    enabled: bool = False
    key_file: str | None = None


class GenesisSection(_Section, frozen=True):
    """Used once, when the ledger is empty: the charter, the centre and its first administrator."""

    charter: Charter
    centre: Participant
    administrator: Person


class EnvironmentSection(_Section, frozen=True):
    """What is known about the air and the ground, each as an interval that is never too narrow."""

    geoid_lower_m: Height = -107.0
    geoid_upper_m: Height = 86.0
    terrain_lower_m: Height = -430.0
    terrain_upper_m: Height = 8_850.0
    qnh_hpa: Annotated[float, Meta(ge=850, le=1_090)] | None = None
    qnh_error_hpa: Annotated[float, Meta(ge=0, le=100)] | None = None
    qnh_until: Instant | None = None


class TracksSection(_Section, frozen=True):
    stale_s: Seconds = 15.0
    expire_s: Seconds = 60.0
    record: bool = True
    retention_days: Annotated[int, Meta(ge=1, le=3_650)] = 30


class MinimaEntry(_Section, frozen=True):
    """Minima of one pair of categories of aircraft, each a category or "unknown". ``well_clear``: whether the
    volume of DO-365 counts besides; left out, it stays as it is for that pair."""

    pair: tuple[str, str]
    horizontal_m: float
    vertical_m: float
    look_ahead_s: float
    well_clear: bool | None = None


class AlertsSection(_Section, frozen=True):
    """When a pair or a volume raises an alert, and for how long it stays. ``horizontal_m``, ``vertical_m``
    and ``look_ahead_s`` hold for pairs without minima of their own. ``confirm_*``: found in so many of so
    many sweeps. ``raises_per_pair`` in ``raise_budget_s``: past it a pair's raising of levels alarms all of
    them."""

    horizontal_m: float = DEFAULT.horizontal_m
    vertical_m: float = DEFAULT.vertical_m
    look_ahead_s: float = DEFAULT.look_ahead_s
    corrective_s: float = AlertSettings().corrective_s
    warning_s: float = AlertSettings().warning_s
    confirm_preventive: tuple[int, int] = (2, 3)
    confirm_corrective: tuple[int, int] = (2, 3)
    confirm_warning: tuple[int, int] = (1, 1)
    clear_after_s: float = AlertSettings().clear_after_s
    crowd: Count = AlertSettings().crowd
    most_pairs: Count = AlertSettings().most_pairs
    most_followed: Count = AlertSettings().most_followed
    raises_per_pair: Count = 20
    raise_budget_s: Seconds = 600.0
    minima: tuple[MinimaEntry, ...] = ()

    def settings(self, *, expire_s: float = AlertSettings().expire_s) -> AlertSettings:
        """Raises ``InvalidInput`` whose ``field`` is the setting's. ``expire_s``: that of tracks."""
        base = AlertSettings(Minima(self.horizontal_m, self.vertical_m, self.look_ahead_s))
        entries = []
        for number, entry in enumerate(self.minima):
            one, other = entry.pair
            try:
                well_clear = base.of(one, other).well_clear if entry.well_clear is None else entry.well_clear
                minima = Minima(entry.horizontal_m, entry.vertical_m, entry.look_ahead_s, well_clear)
                entries.append(PairMinima(entry.pair, minima))
            except InvalidInput as error:
                raise InvalidInput(error.message, field=f"minima[{number}].{error.field}") from error
            if any(set(entry.pair) == set(earlier.pair) for earlier in entries[:-1]):
                raise InvalidInput("this pair is given twice", field=f"minima[{number}].pair")
        return AlertSettings(
            default=base.default,
            minima=tuple(entries),
            corrective_s=self.corrective_s,
            warning_s=self.warning_s,
            preventive=_confirmation("confirm_preventive", self.confirm_preventive),
            corrective=_confirmation("confirm_corrective", self.confirm_corrective),
            warning=_confirmation("confirm_warning", self.confirm_warning),
            clear_after_s=self.clear_after_s,
            expire_s=expire_s,
            crowd=self.crowd,
            most_pairs=self.most_pairs,
            most_followed=self.most_followed,
        )


def _confirmation(name: str, given: tuple[int, int]) -> Confirmation:
    try:
        return Confirmation(*given)
    except InvalidInput as error:
        raise InvalidInput(f"[found, of]: {error.message}", field=name) from error


class HistorySection(_Section, frozen=True):
    """What each participant can look back at. ``bytes_each``: memory of one participant's history at most."""

    minutes: Annotated[float, Meta(gt=0, le=1_440)] = 30.0
    step_s: Annotated[float, Meta(ge=1, le=60)] = 5.0
    bytes_each: Count = 134_217_728


class SbsFeed(_Section, frozen=True):
    """A receiver's BaseStation port (30003): text lines over TCP."""

    host: str
    port: Annotated[int, Meta(ge=1, le=65_535)]
    participant: Slug
    feed: Slug
    provenance: Provenance


class FeedsSection(_Section, frozen=True):
    sbs: tuple[SbsFeed, ...] = ()


class QuotasSection(_Section, frozen=True):
    """Each participant's own, by a token bucket: a rate, and as many at once as the burst. ``live_items``:
    how many live intents and constraints it may have."""

    reads_per_s: Rate = 200.0
    reads_burst: Count = 1_000
    writes_per_s: Rate = 100.0
    writes_burst: Count = 500
    report_bytes_per_s: Rate = 1_000_000.0
    report_bytes_burst: Count = 33_554_432
    streams: Count = 50
    live_items: Count = 10_000


class OAuthSection(_Section, frozen=True):
    """Where this exchange's USS gets its tokens (RFC 6749, client credentials). ``secret_file`` holds the
    client's secret alone. ``method``: ``post`` as the RFC says, ``get`` for the servers of test set-ups."""

    token_url: str
    client_id: str
    secret_file: str | None = None
    method: Literal["post", "get"] = "post"
    timeout_s: Seconds = 5.0


class FlightPlanningSection(_Section, frozen=True):
    """The test interface by which an automated qualifier drives one hosted participant. Off unless switched
    on: whoever holds a token for it files, changes and ends that participant's intents."""

    enabled: bool = False
    participant: Slug | None = None
    person: Slug | None = None


class F3548Section(_Section, frozen=True):
    """The standards' interfaces: ASTM F3548-21 and F3411-22a as a DSS, and the USS of hosted participants.

    ``uss_id``: the name under which that USS writes, the ``sub`` of its tokens; ``base_url``: where peers
    reach it. ``audiences``: host names that a token may name. ``public_keys``: PEM files; any may have
    signed.
    ``allow_http``: take base URLs without TLS. ``notification_index``: ``counting``, or ``time`` for
    milliseconds since midnight UTC. ``equal_priority``: whether plans of equal priority may conflict.
    ``private_peers``: call peers whose names lead to loopback or private addresses; ``allow_http`` does too.
    ``ca_file``: certificates to believe of peers instead of the system's.
    ``turn_ms``: how long a refused writer has a contended place to itself; 0 for no turns."""

    enabled: bool = False
    uss_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._@-]{1,80}$", max_length=80)] = "comity"
    base_url: str | None = None
    audiences: tuple[Name, ...] = ()
    public_keys: tuple[str, ...] = ()
    allow_http: bool = False
    private_peers: bool = False
    ca_file: str | None = None
    notification_index: Literal["counting", "time"] = "counting"
    equal_priority: Literal["refused", "permitted"] = "refused"
    turn_ms: Annotated[float, Meta(ge=0, le=50)] = 50.0
    writes_per_s: Rate = 2_000.0
    writes_burst: Count = 4_000
    reads_per_s: Rate = 5_000.0
    reads_burst: Count = 10_000
    entities_per_manager: Count = 10_000
    peer_timeout_s: Seconds = 2.0
    notice_retries: Annotated[int, Meta(ge=0, le=20)] = 6
    oauth: OAuthSection | None = None
    flight_planning: FlightPlanningSection = FlightPlanningSection()


class LedgerSection(_Section, frozen=True):
    """Cadences of checkpoints and of snapshots."""

    checkpoint_s: Seconds = 60.0
    snapshot_s: Seconds = 3_600.0


class LoggingSection(_Section, frozen=True):
    level: Literal["debug", "info", "warning", "error"] = "info"


class BenchSection(_Section, frozen=True):
    """``echo``: the endpoint that only decodes and echoes, a baseline for benchmarks."""

    echo: bool = False


class Config(_Section, frozen=True):
    """Everything the file says. ``folder`` is where it lies."""

    exchange: ExchangeSection
    server: ServerSection = ServerSection()
    stream: StreamSection = StreamSection()
    auth: AuthSection = AuthSection()
    issuer: IssuerSection = IssuerSection()
    genesis: GenesisSection | None = None
    environment: EnvironmentSection = EnvironmentSection()
    tracks: TracksSection = TracksSection()
    alerts: AlertsSection = AlertsSection()
    history: HistorySection = HistorySection()
    feeds: FeedsSection = FeedsSection()
    quotas: QuotasSection = QuotasSection()
    f3548: F3548Section = F3548Section()
    ledger: LedgerSection = LedgerSection()
    logging: LoggingSection = LoggingSection()
    bench: BenchSection = BenchSection()
    folder: Path = Path()

    def path(self, text: str) -> Path:
        """A path of the file, made absolute from the file's own folder."""
        return (self.folder / Path(text).expanduser()).absolute()

    @property
    def data_dir(self) -> Path:
        return self.path(self.exchange.data_dir)

    @property
    def key_file(self) -> Path:
        return self.path(self.exchange.key_file)

    def audiences(self) -> tuple[str, ...]:
        return self.auth.audiences or (self.exchange.name,)


_NOT_SETTINGS: Final = frozenset({"folder"})


def load_config(path: Path) -> Config:
    """Reads and checks a file. Raises ``InvalidInput`` whose ``field`` is the setting."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read the configuration {path}: {error}", field="config") from error
    return parse_config(text, path.parent.absolute())


def parse_config(text: str, folder: Path) -> Config:
    """The same from text; ``folder`` is where its relative paths start."""
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"the configuration is not TOML: {error}", field="config") from error
    for name in _NOT_SETTINGS & set(values):
        raise InvalidInput(f"{name} is not a setting", field=name)
    try:
        config = msgspec.convert(values, Config)
    except msgspec.ValidationError as error:
        raise explain(error, Config) from error
    config = msgspec.structs.replace(config, folder=folder)
    _check_server(config)
    _check_auth(config)
    _check_genesis(config)
    _check_environment(config)
    _check_alerts(config)
    _check_f3548(config)
    if config.tracks.expire_s < config.tracks.stale_s:
        raise InvalidInput("tracks expire no sooner than they are stale", field="tracks.expire_s")
    return config


def is_loopback(host: str) -> bool:
    """Whether nothing outside this machine can connect to ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def more_address(text: str, number: int) -> tuple[str, int]:
    """Host and port of one of ``server.more``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise InvalidInput('an address is "host:port"', field=f"server.more[{number}]")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _check_server(config: Config) -> None:
    server = config.server
    if (server.tls_cert is None) != (server.tls_key is None):
        raise InvalidInput("tls_cert and tls_key must be given together", field="server.tls_cert")
    hosts = [server.host, *(more_address(each, number)[0] for number, each in enumerate(server.more))]
    exposed = [host for host in hosts if not is_loopback(host)]
    if server.tls_cert is None and exposed:
        raise InvalidInput(
            f"{exposed[0]} can be reached from other machines, so TLS is required: set tls_cert and "
            "tls_key to a certificate and its key, or listen on 127.0.0.1",
            field="server.tls_cert",
        )


def _check_auth(config: Config) -> None:
    if config.issuer.enabled and config.issuer.key_file is None:
        raise InvalidInput("the built-in issuer needs key_file", field="issuer.key_file")
    names = [issuer.issuer for issuer in config.auth.issuers]
    for number, issuer in enumerate(config.auth.issuers):
        place = f"auth.issuers[{number}]"
        if names.count(issuer.issuer) > 1:
            raise InvalidInput("issuer is named twice", field=f"{place}.issuer")
        if bool(issuer.public_keys) == (issuer.jwks is not None):
            raise InvalidInput("give either public_keys or jwks", field=f"{place}.public_keys")
        for one in issuer.participants:
            if one != "*" and not SLUG.match(one):
                raise InvalidInput('participants are ids, or "*" alone', field=f"{place}.participants")
        if "*" in issuer.participants and len(issuer.participants) > 1:
            raise InvalidInput('"*" stands alone', field=f"{place}.participants")


def _check_genesis(config: Config) -> None:
    genesis = config.genesis
    if genesis is None:
        return
    if not genesis.centre.centre:
        raise InvalidInput("the first participant must be the centre", field="genesis.centre.centre")
    if genesis.administrator.participant != genesis.centre.id:
        raise InvalidInput(
            "the first administrator must belong to the centre", field="genesis.administrator.participant"
        )
    if "administrator" not in genesis.administrator.roles:
        raise InvalidInput(
            "the first administrator needs the role administrator", field="genesis.administrator.roles"
        )
    if genesis.charter.version != 1:
        raise InvalidInput("the first charter has version 1", field="genesis.charter.version")


def _check_environment(config: Config) -> None:
    air = config.environment
    for name in ("geoid", "terrain"):
        if getattr(air, f"{name}_lower_m") > getattr(air, f"{name}_upper_m"):
            raise InvalidInput("lower must not be above upper", field=f"environment.{name}_lower_m")
    given = [value is not None for value in (air.qnh_hpa, air.qnh_error_hpa, air.qnh_until)]
    if any(given) and not all(given):
        raise InvalidInput(
            "a QNH needs its error and its expiry: qnh_hpa, qnh_error_hpa, qnh_until",
            field="environment.qnh_hpa",
        )


def _check_alerts(config: Config) -> None:
    try:
        config.alerts.settings()
    except InvalidInput as error:
        raise InvalidInput(error.message, field=f"alerts.{error.field}") from error


def _check_f3548(config: Config) -> None:
    f3548 = config.f3548
    if not f3548.enabled:
        return
    if not f3548.audiences:
        raise InvalidInput(
            "the standards' interfaces need audiences: the host names by which USSs reach this exchange",
            field="f3548.audiences",
        )
    if not f3548.public_keys:
        raise InvalidInput(
            "the standards' interfaces need public_keys: PEM files of the authority that signs USSs' tokens",
            field="f3548.public_keys",
        )
    if f3548.base_url is not None:
        base_url(f3548.base_url, "f3548.base_url", allow_http=f3548.allow_http)
    planning = f3548.flight_planning
    if planning.enabled and (planning.participant is None or planning.person is None):
        raise InvalidInput(
            "the flight planning interface needs a participant and a person to act for",
            field="f3548.flight_planning.participant",
        )
