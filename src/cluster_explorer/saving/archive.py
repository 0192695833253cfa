"""A zip of one JSON manifest and plain arrays: written whole or not at all, read without trusting it."""

from __future__ import annotations

import json
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np

from cluster_explorer.errors import SavedFileError
from cluster_explorer.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

FORMAT = "cluster-explorer-session"
#: Raised when a file of the new version cannot be read by the code of the old one.
VERSION = 1

_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 64_000_000
#: What a file may unpack to: so much whatever its size, and so many times its size. Zeros are deflated a thousandfold.
_FREE_BYTES, _MOST_TIMES = 64_000_000, 100
#: What a single array may take for each row, beside the free bytes: 4,000 neighbours, or dimensions.
_BYTES_A_ROW = 16_000
#: Booleans, whole numbers and real numbers; never objects, which would need pickle.
_KINDS = "biuf"
#: The strings of an array of strings, one after the other as UTF-8, and where each ends.
_STRINGS, _ENDS = ".utf8", ".ends"


def write_archive(path: Path, manifest: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write a manifest and arrays to a file; a file that is there already is replaced in one step.

    Parameters
    ----------
    path : Path
    manifest : mapping
        Fit for JSON.
    arrays : mapping of str to ndarray
        Of numbers, booleans or (dtype object) str.

    Raises
    ------
    SavedFileError
        If the file cannot be written.
    """
    head = {"format": FORMAT, "version": VERSION, **manifest}
    with written_whole(path) as handle, zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_MANIFEST, json.dumps(head, ensure_ascii=False, allow_nan=False, indent=1))
        for name, array in _members(arrays):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def damaged(path: str | Path, what: str) -> SavedFileError:
    """Return the error for a file whose contents make no sense."""
    return SavedFileError(f"{str(path)!r} is damaged: {what}. Write it anew with ex.save(...).")


class Archive:
    """An open session file.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    manifest : dict
        As written.

    Raises
    ------
    SavedFileError
        If there is no such file, it is not a session file, is damaged, or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._n_rows = 0
        self._read: dict[str, npt.NDArray[Any]] = {}
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise SavedFileError(f"There is no file {str(path)!r}. Write one with ex.save({str(path)!r}).") from None
        except zipfile.BadZipFile:
            raise self._foreign("it is not a zip archive, or its end is missing") from None
        except OSError as error:
            raise SavedFileError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from error
        try:
            self._check_size()
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def expect(self, n_rows: int) -> None:
        """Say how many rows the arrays are of, which bounds how long they may be."""
        self._n_rows = n_rows

    def array(self, name: str) -> npt.NDArray[Any]:
        """Read an array of numbers, or of (dtype object) str; once, however often it is referred to.

        Raises
        ------
        SavedFileError
            If it is missing or damaged.
        """
        if name not in self._read:
            if f"{name}{_STRINGS}.npy" in self._zip.namelist():
                text, ends = self._numbers(name + _STRINGS), self._numbers(name + _ENDS)
                self._read[name] = _strings(text, ends, self.damaged)
            else:
                self._read[name] = self._numbers(name)
        return self._read[name]

    def damaged(self, what: str) -> SavedFileError:
        """Return the error for a file whose contents make no sense."""
        return damaged(self._path, what)

    def _check_size(self) -> None:
        unpacked = sum(member.file_size for member in self._zip.infolist())
        if unpacked > _FREE_BYTES + _MOST_TIMES * self._path.stat().st_size:
            raise self.damaged(f"it would unpack to {unpacked / 1e6:,.0f} MB, more than such a file can hold")

    def _read_manifest(self) -> dict[str, Any]:
        names = self._zip.namelist()
        if _MANIFEST not in names or self._zip.getinfo(_MANIFEST).file_size > _MANIFEST_BYTES:
            raise self._foreign(f"it has no {_MANIFEST}")
        with self._opened(_MANIFEST) as member:
            content = member.read()
        try:
            manifest = json.loads(content)
        except (ValueError, RecursionError):
            raise self.damaged(f"{_MANIFEST} is not JSON") from None
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise self._foreign(f"{_MANIFEST} does not say format {FORMAT!r}")
        version = manifest.get("version")
        if not isinstance(version, int) or not 1 <= version <= VERSION:
            raise SavedFileError(
                f"{str(self._path)!r} is of version {version!r}; this ClusterExplorer reads versions up to {VERSION}. "
                "Install a newer one, or open the collection anew with ClusterExplorer(uri, collection_name)."
            )
        return manifest

    def _numbers(self, name: str) -> npt.NDArray[Any]:
        member_name = f"{name}.npy"
        if member_name not in self._zip.namelist():
            raise self.damaged(f"{member_name} is missing")
        size = self._zip.getinfo(member_name).file_size
        if size > _FREE_BYTES + _BYTES_A_ROW * self._n_rows:
            raise self.damaged(f"{member_name} takes {size / 1e6:,.0f} MB, which is not of {self._n_rows:,} rows")
        with self._opened(member_name) as member:
            try:
                version = np.lib.format.read_magic(member)
                read_header = {
                    (1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0,
                }[version]
                shape, fortran, dtype = read_header(member)
            except (ValueError, KeyError):
                raise self.damaged(f"{member_name} is not an array") from None
            if dtype.kind not in _KINDS or fortran:
                raise self.damaged(f"{member_name} holds {dtype}, not plain numbers")
            # compared before memory is taken for it
            if int(np.prod(shape, dtype=object)) * dtype.itemsize != size - member.tell():
                raise self.damaged(f"{member_name} is not as long as it says")
            return np.frombuffer(member.read(), dtype=dtype).reshape(shape)

    def _opened(self, name: str) -> _Guarded:
        return _Guarded(self._zip, name, self.damaged(f"{name} cannot be read"))

    def _foreign(self, why: str) -> SavedFileError:
        return SavedFileError(
            f"{str(self._path)!r} is not a session file of ClusterExplorer: {why}. Load what ex.save(path) wrote."
        )


class _Guarded:
    """A member of the zip; whatever reading it raises becomes one error."""

    def __init__(self, archive: zipfile.ZipFile, name: str, error: SavedFileError) -> None:
        self._archive, self._name, self._error = archive, name, error
        self._member: IO[bytes] | None = None

    def __enter__(self) -> IO[bytes]:
        try:
            self._member = self._archive.open(self._name)
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, zlib.error):
            raise self._error from None
        return self._member

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._member is not None:
            self._member.close()
        if kind is not None and issubclass(kind, (zipfile.BadZipFile, OSError, EOFError, zlib.error)):
            raise self._error from None


def _members(arrays: Mapping[str, npt.NDArray[Any]]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for name, array in arrays.items():
        if array.dtype.kind != "O":
            yield name, array
            continue
        encoded = [str(value).encode("utf-8", "surrogatepass") for value in array.tolist()]
        yield name + _STRINGS, np.frombuffer(b"".join(encoded), dtype=np.uint8)
        yield name + _ENDS, np.cumsum([len(value) for value in encoded], dtype=np.int64)


def _strings(text: npt.NDArray[Any], ends: npt.NDArray[Any], damaged: Any) -> npt.NDArray[np.object_]:
    whole = text.tobytes()
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64) if len(ends) else ends
    if len(ends) and (ends[-1] != len(whole) or (ends < starts).any() or starts[0] < 0):
        raise damaged("its strings overlap")
    values = np.empty(len(ends), dtype=object)
    try:
        values[:] = [
            whole[start:end].decode("utf-8", "surrogatepass")
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
    except UnicodeDecodeError:
        raise damaged("a string is not UTF-8") from None
    return values
