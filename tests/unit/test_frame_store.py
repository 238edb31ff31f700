"""What a frame cache keeps: by bytes, the last used the longest."""

from app.video.frame_store import RecentlyUsed


def _filled(budget: int, frames: range, size: int = 10) -> RecentlyUsed[str]:
    store: RecentlyUsed[str] = RecentlyUsed(budget)
    for frame in frames:
        store.put(frame, f"picture {frame}", size)
    return store


def test_what_was_not_used_for_the_longest_time_goes_first() -> None:
    store = _filled(30, range(3))
    assert store.get(0) == "picture 0"
    store.put(3, "picture 3", 10)
    assert [frame in store for frame in range(4)] == [True, False, True, True]
    assert store.get(1) is None
    assert store.used == 30


def test_one_large_thing_pushes_out_several_small_ones() -> None:
    store = _filled(35, range(3))
    store.put(9, "large", 25)
    assert [frame for frame in (0, 1, 2, 9) if frame in store] == [2, 9]
    assert store.used == 35


def test_a_thing_larger_than_the_budget_stays_alone() -> None:
    store = _filled(30, range(3))
    store.put(7, "huge", 1000)
    assert (len(store), store.get(7), store.used) == (1, "huge", 1000)
    store.put(8, "small", 10)
    assert (len(store), 8 in store, store.used) == (1, True, 10)


def test_the_same_frame_again_replaces_what_was_kept() -> None:
    store = _filled(30, range(2))
    store.put(1, "another", 15)
    assert (store.get(1), store.used, len(store)) == ("another", 25, 2)


def test_room_is_what_the_budget_leaves() -> None:
    store = _filled(30, range(2))
    assert store.has_room_for(10)
    assert not store.has_room_for(11)


def test_only_a_range_can_be_kept() -> None:
    store = _filled(100, range(6))
    assert store.keep_only(range(2, 4)) == [0, 1, 4, 5]
    assert (len(store), store.used) == (2, 20)
