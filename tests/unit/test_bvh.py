"""The BVH reader: odd files, false files, and forward kinematics."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from stcformer.bvh import BvhMotion, axis_rotation, forward_kinematics, read_bvh
from stcformer.errors import LifterError

GOOD = """HIERARCHY
ROOT Hips
{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Upper Leg
  {
    OFFSET 0 -40 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -5 12
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.033333
10 20 30 90 0 0 0 0 0
11 20 30 0 90 0 0 0 90
"""


def read_text(folder: Path, text: str | bytes) -> BvhMotion:
    path = folder / "clip.bvh"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_bvh(path)


def test_a_plain_file_is_read_whole(tmp_path: Path) -> None:
    motion = read_text(tmp_path, GOOD)
    assert motion.names == ("Hips", "Upper Leg", "Upper Leg_end")
    assert motion.parents == (-1, 0, 1)
    assert motion.offsets.tolist() == [[1, 2, 3], [0, -40, 0], [0, -5, 12]]
    assert [len(channels) for channels in motion.channels] == [6, 3, 0]
    assert motion.values.shape == (2, 9)
    assert motion.values[1, 0] == 11
    assert motion.frame_time == pytest.approx(0.033333)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", " "),
        lambda text: text.replace(" ", "\t\t "),
        lambda text: "\n\n" + text + "\n\n  \n",
        lambda text: text.rstrip(),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n{", "{").replace("Site\n    {", "Site{"),
        lambda text: text.replace("{\n  OFFSET", "{OFFSET").replace("12\n", "12").replace("}\nMOTION", "}MOTION"),
        lambda text: text.replace("Frames: ", "Frames:").replace("Frame Time: ", "Frame Time:"),
        lambda text: text.replace("Frames:", "Frames :").replace("Frame Time:", "Frame  Time :"),
        lambda text: text.replace("10 20 30", "1e1 +20.0 3.0E+01"),
    ],
    ids=[
        "windows", "old mac", "one line", "tabs", "blank lines", "no last newline", "byte order mark",
        "brace beside the name", "brace beside the word", "no space after a colon", "space before a colon",
        "exponents",
    ],
)  # fmt: skip
def test_odd_whitespace_changes_nothing(tmp_path: Path, change: object) -> None:
    plain = read_text(tmp_path, GOOD)
    odd = read_text(tmp_path, change(GOOD))  # type: ignore[operator]
    assert tuple(" ".join(name.split()) for name in odd.names) == plain.names
    assert odd.parents == plain.parents
    assert odd.channels == plain.channels
    assert np.array_equal(odd.offsets, plain.offsets)
    assert np.array_equal(odd.values, plain.values)
    assert odd.frame_time == plain.frame_time


def test_names_with_spaces_colons_and_foreign_letters_are_kept(tmp_path: Path) -> None:
    for name in ("Left Upper Leg", "mixamorig:LeftUpLeg", "MOTIONBUILDER", "Fuß", "End Effector"):
        assert read_text(tmp_path, GOOD.replace("Upper Leg", name)).names[1] == name


def test_bytes_that_are_no_utf8_do_not_stop_the_reading(tmp_path: Path) -> None:
    motion = read_text(tmp_path, GOOD.encode().replace(b"Upper Leg", b"Fu\xdf"))
    assert motion.values.shape == (2, 9)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (GOOD, "", "does not begin with HIERARCHY"),
        (GOOD, "\x00\x01\x02" * 100, "does not begin with HIERARCHY"),
        (GOOD, "HIERARCHY MOTION Frames: 1 Frame Time: 1", "hierarchy is empty"),
        (GOOD[GOOD.index("MOTION") :], "", "no MOTION part"),
        (GOOD[GOOD.index("MOTION") + 7 :], "", "Frames and Frame Time"),
        ("Frames: 2\n", "", "Frames and Frame Time"),
        ("Frames: 2", "Frames: two", "two"),
        ("Frames: 2", "Frames: -2", "not positive"),
        ("Frames: 2", "Frames: 3", "3 frames of 9 channels do not make 18 numbers"),
        ("Frames: 2", "Frames: 999999999999999999", "do not make 18 numbers"),
        ("Frames: 2", "Frames: 9" + "9" * 5000, "limit"),
        ("0.033333", "0", "not positive"),
        ("0.033333", "-0.03", "not positive"),
        ("0.033333", "nan", "not positive"),
        ("0.033333", "inf", "not positive"),
        ("0 90\n", "0\n", "do not make 17 numbers"),
        ("0 90\n", "0 90 1\n", "do not make 19 numbers"),
        ("11 20", "eleven 20", "eleven"),
        ("11 20", "nan 20", "frame 1 holds a value that is no number"),
        ("11 20", "11 -inf", "frame 1 holds a value that is no number"),
        ("3 Zrotation Xrotation", "3 Wrotation Xrotation", "unknown channel Wrotation"),
        ("3 Zrotation", "2 Zrotation", "unexpected word 'Yrotation'"),
        ("3 Zrotation", "4 Zrotation", "unknown channel End"),
        ("3 Zrotation", "-2 Zrotation", "CHANNELS"),
        ("3 Zrotation", "1000000000 Zrotation", "CHANNELS"),
        ("3 Zrotation", "three Zrotation", "CHANNELS"),
        ("OFFSET 0 -40 0", "OFFSET 0 -40", "CHANNELS"),
        ("OFFSET 0 -40 0", "OFFSET 0 -40 nan", "OFFSET is not three numbers"),
        ("}\nMOTION", "MOTION", "'Hips' is never closed"),
        ("}\nMOTION", "}}\nMOTION", "a } stands outside of any joint"),
        ("HIERARCHY\n", "HIERARCHY JOINT a { }\n", "a JOINT stands outside of any joint"),
        ("HIERARCHY\n", "HIERARCHY OFFSET 0 0 0\n", "a OFFSET stands outside of any joint"),
        ("HIERARCHY\n", "HIERARCHY hello\n", "unexpected word 'hello'"),
        ("HIERARCHY", "Hierarchical", "does not begin with HIERARCHY"),
    ],
)
def test_a_false_file_is_refused_with_its_name_and_the_reason(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert old in GOOD
    with pytest.raises(LifterError, match=r"clip\.bvh' is not a readable BVH file: ") as raised:
        read_text(tmp_path, GOOD.replace(old, new, 1))
    assert reason in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_every_cut_of_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for length in range(len(GOOD)):
        # Only the last number can lose a digit unnoticed.
        if length >= len(GOOD) - 2:
            assert read_text(tmp_path, GOOD[:length]).values.shape == (2, 9)
        else:
            with pytest.raises(LifterError, match="not a readable BVH file"):
                read_text(tmp_path, GOOD[:length])


def test_a_skeleton_without_channels_cannot_claim_a_billion_frames(tmp_path: Path) -> None:
    text = "HIERARCHY ROOT a { OFFSET 0 0 0 } MOTION Frames: 1000000000 Frame Time: 0.01"
    with pytest.raises(LifterError, match="no joint has a channel"):
        read_text(tmp_path, text)


def test_a_file_too_large_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stcformer.bvh.LARGEST_FILE_BYTES", 100)
    with pytest.raises(LifterError, match="too large for a BVH file"):
        read_text(tmp_path, GOOD)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bvh(tmp_path / "nothing.bvh")


def test_positions_worked_out_by_hand(tmp_path: Path) -> None:
    positions = read_text(tmp_path, GOOD).positions()
    # Frame 0: the root's channels, not its offset, place it; a quarter turn about z lays the leg along +x.
    assert np.allclose(positions[0], [[10, 20, 30], [50, 20, 30], [55, 20, 42]])
    # Frame 1: a quarter turn about x takes -y to -z and z to -y; the leg turns the toes about its own y first.
    assert np.allclose(positions[1], [[11, 20, 30], [11, 20, -10], [23, 20, -15]])


@pytest.mark.parametrize("order", ["ZXY", "XYZ", "YXZ", "ZYX", "YZX", "XZY", "ZXZ", "Y"])
def test_rotations_apply_in_the_order_in_which_the_channels_stand(order: str) -> None:
    rng = np.random.default_rng(5)
    angles = rng.uniform(-180, 180, (6, 2, len(order)))
    channels = tuple(f"{axis}rotation" for axis in order)
    offsets = np.array([[0.0, 0, 0], [1, 2, 3], [4, -5, 6]])
    motion = BvhMotion(
        ("a", "b", "b_end"), (-1, 0, 1), offsets, (channels, channels, ()), angles.reshape(6, -1), 0.01
    )
    positions, rotations = forward_kinematics(motion)
    first, second = (Rotation.from_euler(order, angles[:, node], degrees=True) for node in (0, 1))
    assert np.allclose(rotations[:, 0], first.as_matrix())
    assert np.allclose(rotations[:, 1], (first * second).as_matrix())
    assert np.allclose(positions[:, 1], first.apply(offsets[1]))
    assert np.allclose(positions[:, 2], first.apply(offsets[1]) + (first * second).apply(offsets[2]))


def test_position_channels_in_any_order_move_the_root_and_leave_bones_their_length() -> None:
    channels = ("Zposition", "Xrotation", "Yposition", "Xposition")
    motion = BvhMotion(
        ("a", "b"),
        (-1, 0),
        np.array([[9.0, 9, 9], [0, 3, 4]]),
        (channels, channels),
        np.array([[1.0, 30, 2, 3, 50, 60, 70, 80]]),
        0.01,
    )
    positions = motion.positions()[0]
    assert positions[0].tolist() == [3, 2, 1]
    assert np.linalg.norm(positions[1] - positions[0]) == pytest.approx(5)


def test_no_frames_give_no_positions(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("Frames")] + "Frames: 0\nFrame Time: 0.1\n"
    assert read_text(tmp_path, text).positions().shape == (0, 3, 3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_axis_rotations_are_right_handed(axis: int) -> None:
    angles = np.linspace(-4, 4, 9)
    assert np.allclose(axis_rotation(axis, angles), Rotation.from_euler("xyz"[axis], angles).as_matrix())
