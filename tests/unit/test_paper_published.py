"""The published figures that a run is shown beside: each with a source, and none impossible."""

import pytest

from stcformer.paper.published import PublishedActions, PublishedRow, published_actions, published_rows

ALL = [*published_rows("human36m"), *published_rows("mpi_inf_3dhp")]
LIMITS = {"p1": (15.0, 120.0), "p2": (15.0, 80.0), "pck": (70.0, 100.0), "auc": (40.0, 95.0)}


BY_ACTIONS = [row for protocol in ("p1", "p2") for row in published_actions(protocol, "cpn_ft_h36m_dbb")]


@pytest.mark.parametrize("row", BY_ACTIONS, ids=lambda row: f"{row.method} {row.protocol}")
def test_the_errors_of_the_actions_average_to_the_published_average(row: PublishedActions) -> None:
    actions = {name: error for name, error in row.errors.items() if name != "Average"}
    assert len(actions) == 15
    # Each figure is rounded to a tenth, and some averages were made of rounded ones.
    assert sum(actions.values()) / 15 == pytest.approx(row.errors["Average"], abs=0.07)
    (same,) = [
        other
        for other in published_rows("human36m")
        if (other.method, other.frames, other.keypoints) == (row.method, row.frames, row.keypoints)
    ]
    assert same.figures.get(row.protocol, row.errors["Average"]) == row.errors["Average"]
    paper, _, place = row.source.partition("; ")
    assert "20" in paper
    assert "table" in place


def test_the_papers_own_model_is_there_by_actions_for_both_protocols() -> None:
    assert [row.protocol for row in BY_ACTIONS if row.method == "STCFormer-L"] == ["p1", "p2"]


def identity(row: PublishedRow) -> str:
    return f"{row.dataset} {row.method} {row.frames} {row.keypoints}"


@pytest.mark.parametrize("row", ALL, ids=identity)
def test_every_row_has_a_source_with_a_year_and_plausible_figures(row: PublishedRow) -> None:
    assert any(str(year) in row.source for year in range(2017, 2027)), row.source
    assert 1 <= row.frames <= 351
    assert row.figures["p1"] > row.figures.get("p2", 0.0)
    for name, value in row.figures.items():
        low, high = LIMITS[name]
        assert low < value < high, name


def test_rows_say_which_keypoints_they_saw_and_stand_once() -> None:
    assert {row.keypoints for row in published_rows("human36m")} == {"cpn_ft_h36m_dbb", "gt"}
    assert {row.keypoints for row in published_rows("mpi_inf_3dhp")} == {"true"}
    assert len({identity(row) for row in ALL}) == len(ALL)


def test_the_rows_of_the_second_data_set_have_all_its_figures() -> None:
    assert all(set(row.figures) == {"p1", "pck", "auc"} for row in published_rows("mpi_inf_3dhp"))


def test_true_keypoints_are_never_worse_than_detected_ones() -> None:
    errors = {
        (row.method, row.frames, row.keypoints): row.figures["p1"] for row in published_rows("human36m")
    }
    both = [key for key in errors if key[2] == "gt" and (*key[:2], "cpn_ft_h36m_dbb") in errors]
    assert len(both) > 5
    assert all(errors[key] < errors[(*key[:2], "cpn_ft_h36m_dbb")] for key in both)


def test_the_papers_own_rows_are_those_of_its_tables() -> None:
    """Tables 1, 3 and 4, typed a second time."""
    found = {
        (row.method, row.frames): row.figures
        for row in ALL
        if row.method in ("STCFormer", "STCFormer-L") and row.keypoints != "gt" and row.dataset == "human36m"
    }
    assert found == {
        ("STCFormer", 27): {"p1": 44.1},
        ("STCFormer", 81): {"p1": 42.0, "p2": 32.7},
        ("STCFormer", 243): {"p1": 41.0, "p2": 32.0},
        ("STCFormer-L", 243): {"p1": 40.5, "p2": 31.8},
    }
    best = max(published_rows("mpi_inf_3dhp"), key=lambda row: row.figures["pck"])
    assert (best.method, best.frames, best.figures) == (
        "STCFormer",
        81,
        {"p1": 23.1, "pck": 98.7, "auc": 83.9},
    )
