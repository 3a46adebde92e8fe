"""What every object store does: all rules of the lake stand on these. An adapter joins by a line in STORES."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.errors import ObjectMissing, StoreUnavailable, UsageError
from resources.object_store import FolderStore, ObjectStore, sha256_of

STORES: dict[str, Callable[[Path], ObjectStore]] = {"folder": FolderStore}


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return STORES[request.param](tmp_path / "store")


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return [entry.key for entry in store.list(prefix)]


def put_all(store: ObjectStore, *names: str) -> None:
    for name in names:
        store.put(name, name.encode())


def version(store: ObjectStore, key: str) -> str:
    found = store.head(key)
    assert found is not None
    return found.version


# Objects --------------------------------------------------------------------------------------------------------------


def test_an_object_is_what_was_put_last(store: ObjectStore) -> None:
    store.put("a/b.txt", b"one")
    store.put("a/b.txt", b"\x00two\xff")
    assert store.get("a/b.txt") == b"\x00two\xff"
    with store.open("a/b.txt") as stream:
        assert stream.read(4) == b"\x00two"
    assert sha256_of(store, "a/b.txt") == hashlib.sha256(b"\x00two\xff").hexdigest()


def test_head_and_list_say_the_same_of_an_object(store: ObjectStore) -> None:
    store.put("a/b.txt", b"12345")
    (entry,) = store.list("a/")
    assert entry == store.head("a/b.txt")
    assert (entry.key, entry.size) == ("a/b.txt", 5)


@pytest.mark.parametrize("key", ["a/none", "none/at/all", "a", "a/b.txt/c"], ids=["file", "folder", "above", "below"])
def test_what_is_not_there_is_missing(store: ObjectStore, key: str) -> None:
    store.put("a/b.txt", b"")
    assert store.head(key) is None
    for read in (store.get, store.open):
        with pytest.raises(ObjectMissing, match=key):
            read(key)


def test_an_empty_object_is_there(store: ObjectStore) -> None:
    store.put("marker", b"")
    assert store.get("marker") == b""
    assert keys(store) == ["marker"]


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "../up", "a/../b", "a/..", "./a", "a//b", "a/", "a\0b", ".logsight/keys.json", "\udcff"],
)
def test_what_is_no_key_is_refused_by_every_method(store: ObjectStore, tmp_path: Path, key: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    calls: list[Callable[[], object]] = [
        lambda: store.put(key, b"x"),
        lambda: store.put_file(key, file),
        lambda: store.put_if(key, b"x", None),
        lambda: store.get(key),
        lambda: store.open(key),
        lambda: store.head(key),
        lambda: store.delete(key),
        lambda: store.uri(key),
    ]
    for call in calls:
        with pytest.raises(UsageError, match="object key"):
            call()
    assert keys(store) == []
    assert file.read_bytes() == b"x"


@pytest.mark.parametrize("prefix", ["../", "/etc/", "/", "a/../../", ".logsight/"])
def test_a_listing_does_not_leave_the_store(store: ObjectStore, prefix: str) -> None:
    for listed in (lambda: keys(store, prefix), lambda: store.folders(prefix)):
        with pytest.raises(UsageError, match="object key"):
            listed()


def test_a_fault_of_the_place_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = FolderStore(tmp_path / "file" / "store")
    for change in (lambda: store.put("a", b""), lambda: store.put_if("a", b"", None)):
        with pytest.raises(StoreUnavailable, match="object a"):
            change()
    usable = FolderStore(tmp_path / "store")
    for call in (lambda key: usable.put(key, b""), usable.head, usable.get, usable.delete):
        with pytest.raises(StoreUnavailable, match="too long"):
            call("x" * 300)
    assert [p for p in (tmp_path / "store").rglob("*") if p.is_file()] == [], "what was half written is gone"


# Listings -------------------------------------------------------------------------------------------------------------


def test_a_listing_is_in_key_order_across_folders(store: ObjectStore) -> None:
    in_order = ["a-b", "a.b", "a/b-", "a/b/c", "a/b0", "a/c", "a0", "b", "z", "é"]
    put_all(store, *reversed(in_order))
    assert keys(store) == in_order


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", ["dt=1/hour=0/x", "dt=1/hour=1/x", "dt=10/hour=0/x", "dt=2/y"]),
        ("dt=1", ["dt=1/hour=0/x", "dt=1/hour=1/x", "dt=10/hour=0/x"]),
        ("dt=1/", ["dt=1/hour=0/x", "dt=1/hour=1/x"]),
        ("dt=1/ho", ["dt=1/hour=0/x", "dt=1/hour=1/x"]),
        ("dt=1/hour=1", ["dt=1/hour=1/x"]),
        ("dt=1/hour=1/x", ["dt=1/hour=1/x"]),
        ("dt=1/hour=1/x/", []),
        ("dt=3/", []),
        ("t=1", []),
    ],
)
def test_a_prefix_may_end_in_the_middle_of_a_name(store: ObjectStore, prefix: str, expected: list[str]) -> None:
    put_all(store, "dt=2/y", "dt=10/hour=0/x", "dt=1/hour=1/x", "dt=1/hour=0/x")
    assert keys(store, prefix) == expected


def test_folders_are_the_names_directly_below(store: ObjectStore) -> None:
    put_all(store, "raw/tenant=b/x", "raw/tenant=a/source=s/x", "raw/object", "top")
    assert store.folders("") == ["raw"]
    assert store.folders("raw/") == ["tenant=a", "tenant=b"]
    assert store.folders("raw/tenant=a/source=s/") == []
    assert store.folders("none/") == []
    assert store.folders("top/") == []


def test_an_object_that_goes_while_it_is_listed_is_left_out(store: ObjectStore) -> None:
    put_all(store, "a/1", "b/2", "c/3")
    listing = store.list("")
    assert next(listing).key == "a/1"
    store.delete("b/2")
    assert [entry.key for entry in listing] == ["c/3"]


def test_the_state_of_logsight_itself_is_no_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put_if("a", b"", None)
    (tmp_path / ".logsight" / "keys.json").write_text("{}")
    assert keys(store) == ["a"]
    assert store.folders("") == []


def test_what_is_no_file_is_no_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    assert keys(store) == []
    assert store.head("pipe") is None


def test_a_file_whose_name_is_no_text_is_named_and_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/raw/caf\xe9.log")).write_bytes(b"")
    with pytest.raises(UsageError, match=r"caf.*rename the file"):
        keys(FolderStore(tmp_path))


# Whole or absent ------------------------------------------------------------------------------------------------------


def test_a_reader_never_sees_a_part(store: ObjectStore) -> None:
    contents = {bytes([65 + n]) * (300_000 + n) for n in range(8)}
    store.put("k", next(iter(contents)))
    done = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(store.get("k"))

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for _ in range(5):
            for content in contents:
                store.put("k", content)
        done.set()
        for reader in readers:
            reader.result()
    assert seen <= contents
    assert keys(store) == ["k"]


def test_a_failed_write_leaves_the_old_object_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path)
    store.put("k", b"old")

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        with pytest.raises(StoreUnavailable, match="No space left"):
            store.put("k", b"newer")
    assert store.get("k") == b"old"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["k"]


def test_a_put_file_is_the_content_of_the_file(store: ObjectStore, tmp_path: Path) -> None:
    file = tmp_path / "scratch"
    file.write_bytes(b"content")
    os.utime(file, (1, 1))
    store.put_file("a/k", file)
    assert store.get("a/k") == b"content"
    found = store.head("a/k")
    assert found is not None
    assert found.modified > 1e9, "when it was put, not when the file was written"


def test_a_put_file_crosses_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path / "store")
    other = tmp_path / "other"
    other.mkdir()
    file = other / "scratch"
    file.write_bytes(b"content")
    real_stat, real_replace = Path.stat, Path.replace

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = real_stat(path, follow_symlinks=follow_symlinks)
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:])) if other in path.parents else found

    def replace(path: Path, target: Path) -> Path:
        if other in path.parents:
            raise OSError(18, "Invalid cross-device link")
        return real_replace(path, target)

    with monkeypatch.context() as disk:
        disk.setattr(Path, "stat", stat)
        disk.setattr(Path, "replace", replace)
        store.put_file("a/k", file)
    assert store.get("a/k") == b"content"
    assert keys(store) == ["a/k"]


# Conditions -----------------------------------------------------------------------------------------------------------


def test_put_if_absent_writes_once(store: ObjectStore) -> None:
    assert store.put_if("k", b"first", None)
    assert not store.put_if("k", b"second", None)
    assert store.get("k") == b"first"


def test_put_if_replaces_only_the_version_that_was_read(store: ObjectStore) -> None:
    store.put("k", b"one")
    read = version(store, "k")
    store.put("k", b"two")
    assert not store.put_if("k", b"three", read)
    assert store.get("k") == b"two"
    assert store.put_if("k", b"three", version(store, "k"))
    assert store.get("k") == b"three"


def test_put_if_does_not_revive_what_was_deleted(store: ObjectStore) -> None:
    store.put("k", b"one")
    read = version(store, "k")
    store.delete("k")
    assert not store.put_if("k", b"two", read)
    assert store.head("k") is None


def test_every_write_is_a_new_version_even_of_the_same_bytes(store: ObjectStore, tmp_path: Path) -> None:
    seen = set()
    for number in range(200):
        if number % 2:
            store.put("k", b"same")
        else:
            file = tmp_path / "same"
            file.write_bytes(b"same")
            os.utime(file, (1, 1))
            store.put_file("k", file)
        seen.add(version(store, "k"))
    assert len(seen) == 200


@pytest.mark.parametrize("is_present", [False, True], ids=["absent", "present"])
def test_of_eight_writers_with_one_version_exactly_one_wins(store: ObjectStore, is_present: bool) -> None:
    for round_ in range(10):
        key = f"race/{round_}"
        if is_present:
            store.put(key, b"before")
        read = version(store, key) if is_present else None
        barrier = threading.Barrier(8)

        def write(number: int, key: str = key, read: str | None = read, barrier: threading.Barrier = barrier) -> bool:
            barrier.wait(timeout=60)
            return store.put_if(key, b"writer %d" % number, read)

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(write, range(8)))
        assert sum(won) == 1
        assert store.get(key) == b"writer %d" % won.index(True)


# Deletion -------------------------------------------------------------------------------------------------------------


def test_delete_removes_and_absent_is_fine(store: ObjectStore) -> None:
    put_all(store, "a/b/c", "a/d")
    for key in ("a/b/c", "a/b/c", "a/none", "none", "a/d/below", "a"):
        store.delete(key)
    assert keys(store) == ["a/d"]


def test_an_emptied_folder_looks_as_if_it_had_never_been(store: ObjectStore) -> None:
    put_all(store, "a/b/c/1", "a/b/c/2", "a/d/3")
    store.delete("a/b/c/1")
    assert store.folders("a/") == ["b", "d"]
    store.delete("a/b/c/2")
    assert store.folders("a/") == ["d"]
    store.delete("a/d/3")
    assert store.folders("") == []
    put_all(store, "a")
    assert keys(store) == ["a"], "what was a folder may become an object"


def test_putting_and_deleting_in_one_folder_at_once_never_fails(store: ObjectStore) -> None:
    def churn(worker: int) -> None:
        for number in range(150):
            key = f"a/b/c/{worker}-{number % 3}"
            store.put(key, b"x")
            store.delete(key)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(churn, range(4)))
    assert keys(store) == []


# Like a dict ----------------------------------------------------------------------------------------------------------

# Names of objects end in a digit and names of folders do not: a folder on a disk cannot be both.
_folder_names = st.sampled_from(["a", "a-", "b", "dt=x", "é", "~", "A b"])
_object_names = st.sampled_from(["1", "a1", "b2", "é3", "x.4", "'\" 5"])
_keys = st.builds(lambda folders, name: "/".join([*folders, name]), st.lists(_folder_names, max_size=2), _object_names)
_changes = st.lists(st.tuples(st.sampled_from(["put", "put_file", "put_if", "delete"]), _keys), max_size=25)


@settings(max_examples=60)
@given(_changes, st.sampled_from(list(STORES)), st.data())
def test_a_store_is_a_dict_of_bytes(changes: list[tuple[str, str]], kind: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = STORES[kind](Path(folder) / "store")
        model: dict[str, bytes] = {}
        for number, (change, key) in enumerate(changes):
            content = b"%d" % number
            if change == "put":
                store.put(key, content)
                model[key] = content
            elif change == "put_file":
                file = Path(folder) / "file"
                file.write_bytes(content)
                store.put_file(key, file)
                model[key] = content
            elif change == "put_if":
                assert store.put_if(key, content, None) == (key not in model)
                model.setdefault(key, content)
            else:
                store.delete(key)
                model.pop(key, None)
        assert {key: store.get(key) for key in keys(store)} == model
        assert keys(store) == sorted(model)
        whole = data.draw(st.sampled_from(sorted(model) or ["a/1"]), "key")
        prefix = whole[: data.draw(st.integers(0, len(whole)), "length")]
        assert keys(store, prefix) == sorted(key for key in model if key.startswith(prefix))
        top = prefix[: prefix.rfind("/") + 1]
        below = {key.removeprefix(top) for key in model if key.startswith(top)}
        assert store.folders(top) == sorted({name.split("/")[0] for name in below if "/" in name})
