"""A disk in memory that loses power: unsynced writes may be lost, kept, or torn at 512-byte sectors.

Each file has a durable part and a list of writes since its last sync. At a chosen operation the power
goes: that operation and all later ones fail, and what is on the disk afterwards is, for each unsynced
write and each sector of it, there or not, at random. A sector is never half written and never spoils its
neighbours, which is what SQLite assumes of disks (powersafe overwrite). A file whose creation was never
synced may be missing altogether.

The VFS shares no memory between connections, so SQLite runs on it with an exclusive lock. The same disk
can be full: then the write-ahead log cannot grow beyond ``room_bytes``, and a write there is refused as
ENOSPC is. (The main file is only written when the log is copied into it. SQLite bears a failure of that
in silence and tries again later, but apsw would raise what a VFS in Python raised.)
"""

from __future__ import annotations

import random
from pathlib import Path

import apsw

SECTOR = 512


class PowerLost(apsw.IOError):
    """What SQLite gets from every operation once the power is gone."""


class LosingFile:
    """What the disk holds of one file, and what was written since the last sync."""

    def __init__(self) -> None:
        self.durable = bytearray()
        self.seen = bytearray()
        self.unsynced: list[tuple[int, bytes] | int] = []
        self.created_durably = False

    def write(self, data: bytes, offset: int) -> None:
        _put(self.seen, data, offset)
        self.unsynced.append((offset, data))

    def truncate(self, size: int) -> None:
        _cut(self.seen, size)
        self.unsynced.append(size)

    def sync(self) -> None:
        self.durable = bytearray(self.seen)
        self.unsynced.clear()
        self.created_durably = True

    def after_power_loss(self, chance: random.Random) -> bytes | None:
        """The file as it is found; None where its name was lost too."""
        if not self.created_durably and chance.random() < 0.5:
            return None
        found = bytearray(self.durable)
        keep = chance.choice((0.0, 0.3, 0.7, 0.95, 1.0))
        for change in self.unsynced:
            if isinstance(change, int):
                if chance.random() < keep:
                    _cut(found, change)
                continue
            offset, data = change
            for start in range(0, len(data), SECTOR):
                if chance.random() < keep:
                    _put(found, data[start : start + SECTOR], offset + start)
        return bytes(found)


class LosingDisk(apsw.VFS):
    """Register one for each run; ``power_fails_after`` counts writes, syncs and truncations."""

    def __init__(self, name: str, *, power_fails_after: int | None = None) -> None:
        super().__init__(name, base="")
        self.files: dict[str, LosingFile] = {}
        self.operations = 0
        self.power_fails_after = power_fails_after
        self.room_bytes: int | None = None
        self.sync_fails = False

    @property
    def lost(self) -> bool:
        return self.power_fails_after is not None and self.operations >= self.power_fails_after

    def operation(self) -> None:
        """Counts one; from the chosen one on they fail, after having reached the disk's cache or not."""
        self.operations += 1
        self.check()

    def check(self) -> None:
        if self.lost:
            raise PowerLost("the power is gone")

    def leave(self, directory: Path, chance: random.Random) -> None:
        """Writes what is on the disk after the power came back to ``directory``."""
        for name, file in self.files.items():
            found = file.after_power_loss(chance)
            if found is not None:
                (directory / Path(name).name).write_bytes(found)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        self.check()
        flags[1] = flags[0]
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        file = self.files.setdefault(path, LosingFile())
        return _Open(self, file, is_log=bool(flags[0] & apsw.SQLITE_OPEN_WAL))  # type: ignore[return-value]  # apsw takes any object with the methods

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.check()
        self.files.pop(filename, None)

    def xAccess(self, pathname: str, flags: int) -> bool:
        self.check()
        return pathname in self.files

    def xFullPathname(self, name: str) -> str:
        return name


class _Open:
    """One open file, as SQLite sees it."""

    def __init__(self, disk: LosingDisk, file: LosingFile, *, is_log: bool) -> None:
        self._disk = disk
        self._is_log = is_log
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.check()
        return bytes(self._file.seen[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        room = self._disk.room_bytes
        if self._is_log and room is not None and offset + len(data) > max(room, len(self._file.seen)):
            raise apsw.FullError("no space left on the disk")
        self._file.write(bytes(data), offset)
        self._disk.operation()

    def xTruncate(self, size: int) -> None:
        self._file.truncate(size)
        self._disk.operation()

    def xSync(self, flags: int) -> None:
        self._disk.operation()
        if self._disk.sync_fails:
            raise apsw.IOError("the sync failed")
        self._file.sync()

    def xFileSize(self) -> int:
        self._disk.check()
        return len(self._file.seen)

    def xLock(self, level: int) -> None:
        pass

    def xUnlock(self, level: int) -> None:
        pass

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, op: int, ptr: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xClose(self) -> None:
        pass


def _put(into: bytearray, data: bytes, offset: int) -> None:
    if len(into) < offset:
        into.extend(bytes(offset - len(into)))
    into[offset : offset + len(data)] = data


def _cut(file: bytearray, size: int) -> None:
    del file[size:]
    file.extend(bytes(size - len(file)))
