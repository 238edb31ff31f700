"""MMPose and MMDetection: real networks from the installed configs, with random weights, on real pictures."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from command_line import CommandLine, sidecar
from person_clips import person_clip

from detectors import DetectorError, Person
from detectors.keypoints import FORMATS, to_h36m17
from detectors.mmlab.configs import build_model, find_config, load_config
from detectors.mmlab.libraries import import_mmpose
from detectors.mmlab.mmpose import MMPoseDetector
from detectors.protocol import Boxes

REPO = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(find_spec("mmpose") is None, reason="MMPose is not installed (make mmpose)")

HALPE = "rtmpose-t_8xb1024-700e_body8-halpe26-256x192"
COCO = "rtmpose-t_8xb256-420e_body8-256x192"
PERSONS = "rtmdet_nano_320-8xb32_coco-person"


class Workshop:
    """Configs, and checkpoints with random weights, in one folder."""

    def __init__(self, folder: Path) -> None:
        import_mmpose()
        self.folder = folder
        self.eager = self.person_model("eager", "model = dict(test_cfg=dict(max_per_img=3))", rtm_reg=4.0)
        self.blind = self.person_model("blind", "", rtm_cls=-9.0)
        self.halpe = self.checkpoint(HALPE, "mmpose")
        self.coco = self.checkpoint(COCO, "mmpose")

    def config(self, name: str, base: str, library: str, text: str) -> str:
        """A user's own config file, made from an installed one."""
        path = self.folder / f"{name}.py"
        path.write_text(f"_base_ = {str(find_config(base, library))!r}\n{text}\n")
        return str(path)

    def checkpoint(
        self, config: str, library: str, biases: dict[str, float] | None = None, **meta: Any
    ) -> tuple[str, str]:
        """The config with a new checkpoint of it, as MMPoseDetector takes them; biases by a part of their name."""
        torch.manual_seed(5)
        model = build_model(load_config(find_config(config, library)), config, library)
        for part, bias in (biases or {}).items():
            for name, value in model.state_dict().items():
                if part in name and name.endswith("bias"):
                    value.fill_(bias)
        path = self.folder / f"{Path(config).stem}.pth"
        torch.save({"state_dict": model.state_dict(), "meta": meta}, path)
        return config, str(path)

    def person_model(self, name: str, text: str, **biases: float) -> tuple[str, str]:
        return self.checkpoint(self.config(name, PERSONS, "mmdet", text), "mmdet", biases)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("mmlab"))


@pytest.fixture(scope="module")
def detector(workshop: Workshop) -> MMPoseDetector:
    """Sees three persons in every picture, where there are none: its weights are random."""
    return MMPoseDetector(*workshop.halpe, *workshop.eager, device="cpu", min_person_score=0.01)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    with av.open(str(next((REPO / "assets" / "demo").glob("*.mp4")))) as container:
        frames = [frame for index, frame in enumerate(container.decode(video=0)) if index % 8 == 0][:3]
    return [frame.to_ndarray(format="rgb24") for frame in frames]


def boxes(*rows: list[float]) -> Boxes:
    return Boxes(np.array(rows, float).reshape(-1, 4), np.ones(len(rows)))


def assert_same(found: list[Person], expected: list[Person]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.box, other.box, atol=0.05)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)
        apart = np.abs(one.keypoints - other.keypoints).max(axis=1)
        assert (apart < 0.5).mean() > 0.9  # a random network's highest two values can be nearly equal


def test_the_persons_of_a_picture_lie_in_it_and_come_by_prominence(
    detector: MMPoseDetector, pictures: list[np.ndarray]
) -> None:
    found = detector.detect(pictures[0])
    assert len(found) == 3
    height, width = pictures[0].shape[:2]
    for person in found:
        assert person.format == detector.keypoint_format == "halpe26"
        assert person.keypoints.shape == (26, 2)
        assert person.keypoints.dtype == np.float64
        assert ((person.scores >= 0) & (person.scores <= 1)).all()
        assert (np.isnan(person.keypoints).any(axis=1) == (person.scores == 0)).all()
        x0, y0, x1, y1 = person.box
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height


def test_several_pictures_at_once_give_what_each_gives_alone(
    detector: MMPoseDetector, pictures: list[np.ndarray]
) -> None:
    together = detector.detect_batch(pictures)
    assert [len(persons) for persons in together] == [3, 3, 3]
    for persons, picture in zip(together, pictures, strict=True):
        assert_same(persons, detector.detect(picture))
    assert np.abs(together[0][0].keypoints - together[2][0].keypoints).max() > 1
    assert detector.detect_batch([]) == []


def test_where_nobody_is_found_nobody_is_made_up(workshop: Workshop, pictures: list[np.ndarray]) -> None:
    with MMPoseDetector(*workshop.coco, *workshop.blind, device="cpu") as detector:
        assert detector.detect_batch(pictures[:2]) == [[], []]


def test_twenty_people_go_through_the_network_a_few_at_a_time_in_their_order(
    detector: MMPoseDetector, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = detector._poses
    assert network is not None
    counts: list[int] = []
    predict = network._predict
    monkeypatch.setattr(network, "_predict", lambda some: counts.append(len(some)) or predict(some))
    many = boxes(*([20.0 * i, 10, 20.0 * i + 60, 150] for i in range(20)))
    first, second = network.estimate(pictures[:2], [many, boxes([5, 5, 90, 170])])
    assert sum(counts) == 21
    assert max(counts) <= 8
    assert [person.box.tolist() for person in first] == many.boxes.tolist()
    assert_same(second, network.estimate(pictures[1:2], [boxes([5, 5, 90, 170])])[0])
    assert_same(first[19:], network.estimate(pictures[:1], [boxes(many.boxes[19].tolist())])[0])


def test_a_person_cut_off_by_the_edge_or_tiny_has_finite_keypoints(
    detector: MMPoseDetector, pictures: list[np.ndarray]
) -> None:
    assert detector._poses is not None
    height, width = pictures[0].shape[:2]
    edge = boxes([width - 30.0, height - 40, width, height], [0, 0, 1, 1])
    for person in detector._poses.estimate(pictures[:1], [edge])[0]:
        seen = person.scores > 0
        assert seen.any()
        assert np.isfinite(person.keypoints[seen]).all()


def test_the_networks_see_red_where_the_picture_is_red(detector: MMPoseDetector) -> None:
    assert detector._poses is not None
    seen: list[torch.Tensor] = []

    def note(_: Any, inputs: tuple[torch.Tensor]) -> None:
        seen.append(inputs[0].detach().clone())

    hooks = [
        model.backbone.register_forward_pre_hook(note)
        for model in (detector._poses._model, detector._persons._model)
    ]
    red = np.zeros((320, 320, 3), np.uint8)
    red[..., 0] = 255
    detector._poses.estimate([red], [boxes([60, 40, 260, 280])])
    detector._persons.find([red])
    for hook in hooks:
        hook.remove()
    red_first, blue_first = seen[0][0, :, 128, 96], seen[-1][0, :, 160, 160]
    assert red_first.tolist() == pytest.approx(
        [(255 - 123.675) / 58.395, -116.28 / 57.12, -103.53 / 57.375], abs=0.02
    )
    assert blue_first.tolist() == pytest.approx(
        [-103.53 / 57.375, -116.28 / 57.12, (255 - 123.675) / 58.395], abs=0.02
    )


@pytest.mark.parametrize(
    ("data_set", "keypoints", "expected"),
    [
        ("coco", 17, "coco17"),
        ("halpe26", 26, "halpe26"),
        ("h36m", 17, "h36m17"),
        ("coco_wholebody", 133, "coco_wholebody133"),
    ],
)
def test_the_keypoint_format_is_that_of_the_model_s_metainfo(
    workshop: Workshop, data_set: str, keypoints: int, expected: str
) -> None:
    pose = workshop.checkpoint(own_pose(workshop, data_set, keypoints), "mmpose")
    with MMPoseDetector(*pose, *workshop.blind, device="cpu") as detector:
        assert detector.keypoint_format == expected
        assert detector._poses is not None
        assert detector._poses._meta["flip_indices"] == list(FORMATS[expected].mirror())
        assert expected in detector.description


def own_pose(workshop: Workshop, data_set: str, keypoints: int) -> str:
    return workshop.config(
        f"own-{data_set}",
        COCO,
        "mmpose",
        f"model = dict(head=dict(out_channels={keypoints}))\n"
        f"train_dataloader = dict(dataset=dict(metainfo=dict(from_file='configs/_base_/datasets/{data_set}.py')))",
    )


def test_the_checkpoint_s_own_keypoints_come_before_the_config_s(workshop: Workshop) -> None:
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    config = workshop.config("retrained", COCO, "mmpose", "")
    with pytest.warns(UserWarning, match="metainfo config file"):
        meta = parse_pose_metainfo({"from_file": "configs/_base_/datasets/h36m.py"})
    pose = workshop.checkpoint(config, "mmpose", dataset_meta=meta)
    with MMPoseDetector(*pose, *workshop.blind, device="cpu") as detector:
        assert detector.keypoint_format == "h36m17"


def test_keypoints_that_are_not_known_are_refused_with_those_that_are(workshop: Workshop) -> None:
    pose = workshop.checkpoint(own_pose(workshop, "crowdpose", 14), "mmpose")
    known = "coco17, halpe26, coco_wholebody133 and h36m17"
    with pytest.raises(
        DetectorError, match=rf"'own-crowdpose' \('crowdpose', 14 keypoints\) are none .*{known}"
    ):
        MMPoseDetector(*pose, *workshop.blind, device="cpu")


def test_a_network_that_gives_other_keypoints_than_it_names_is_refused(workshop: Workshop) -> None:
    lying = workshop.config("lying", COCO, "mmpose", "model = dict(head=dict(out_channels=12))")
    with pytest.raises(DetectorError):
        MMPoseDetector(*workshop.checkpoint(lying, "mmpose"), *workshop.blind, device="cpu")


def test_a_checkpoint_of_another_model_is_refused(workshop: Workshop) -> None:
    with pytest.raises(
        DetectorError, match=rf"does not belong to the config '{HALPE}'.*another shape.*Give the config"
    ):
        MMPoseDetector(HALPE, workshop.coco[1], *workshop.blind, device="cpu")
    with pytest.raises(
        DetectorError, match=r"does not belong to the config 'blind': .* missing .* have no place"
    ):
        MMPoseDetector(*workshop.coco, workshop.blind[0], workshop.coco[1], device="cpu")


def test_a_model_that_is_not_top_down_is_refused(workshop: Workshop) -> None:
    with pytest.raises(DetectorError, match="is no top-down model of MMPose, but BottomupPoseEstimator"):
        MMPoseDetector("rtmo-s_8xb32-600e_body7-640x640", workshop.coco[1], *workshop.blind, device="cpu")


def test_a_detector_that_knows_no_persons_is_refused(workshop: Workshop) -> None:
    config, checkpoint = workshop.checkpoint(
        workshop.config("cats", PERSONS, "mmdet", ""), "mmdet", dataset_meta={"CLASSES": ("cat", "dog")}
    )
    with pytest.raises(DetectorError, match="'cats' finds no persons, but cat, dog"):
        MMPoseDetector(*workshop.coco, config, checkpoint, device="cpu")


def test_a_device_that_is_not_there_is_refused_and_none_is_taken_in_its_place(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DetectorError, match="PyTorch finds no CUDA device"):
        MMPoseDetector(*workshop.coco, *workshop.blind, device="cuda")
    with pytest.raises(
        DetectorError, match="There is no device 'mps' for MMPose; choose one of auto, cpu, cuda"
    ):
        MMPoseDetector(*workshop.coco, *workshop.blind, device="mps")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_what_the_cpu_gives(
    workshop: Workshop, detector: MMPoseDetector, pictures: list[np.ndarray]
) -> None:
    with MMPoseDetector(*workshop.halpe, *workshop.eager, device="cuda", min_person_score=0.01) as on_cuda:
        assert "CUDA" in on_cuda.description
        assert detector._poses is not None
        assert on_cuda._poses is not None
        given = [boxes([20, 10, 150, 200]), boxes([100, 20, 300, 220])]
        for persons, expected in zip(
            on_cuda._poses.estimate(pictures[:2], given),
            detector._poses.estimate(pictures[:2], given),
            strict=True,
        ):
            assert_same(persons, expected)
        assert all(len(persons) == 3 for persons in on_cuda.detect_batch(pictures))


def test_a_config_is_named_or_a_file_and_anything_else_is_said(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(
        DetectorError,
        match=rf"There is no config named 'rtmpose-t_8xb1024-700e_body8-halpe26' in .*mmpose; did you mean .*{HALPE}",
    ):
        find_config("rtmpose-t_8xb1024-700e_body8-halpe26", "mmpose")
    with pytest.raises(DetectorError, match=r"There is no config file '/none\.py'"):
        find_config("/none.py", "mmpose")
    for text, sentence in (
        ("1 / 0", "division by zero"),
        ("a = 1", "it has no 'model'"),
        ("model = (", "own.py"),
    ):
        path = tmp_path / "own.py"
        path.write_text(text)
        with pytest.raises(DetectorError, match=sentence):
            MMPoseDetector(str(path), workshop.coco[1], *workshop.blind, device="cpu")


def test_every_model_of_the_table_has_its_config_in_the_wheels_and_is_published_with_it() -> None:
    from detectors.mmlab.models import PERSON_CONFIGS, POSE_CONFIGS
    from detectors.models.table import model_table

    files = {entry.name: entry.file for entry in model_table().values()}
    published = "".join(path.read_text() for path in find_config(COCO, "mmpose").parent.glob("*.yml"))
    for name, config in POSE_CONFIGS.items():
        assert find_config(config, "mmpose").stem == config
        entry = published[published.index(f"/{config}.py") :]
        assert files[name] in entry[: entry.index(".pth") + 4]
    for config in PERSON_CONFIGS.values():
        assert find_config(config, "mmdet").stem == config


def test_the_threads_of_pytorch_are_as_many_afterwards_as_before(
    detector: MMPoseDetector, pictures: list[np.ndarray]
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        detector.detect(pictures[0])
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_a_closed_detector_says_so_and_may_be_closed_twice(
    workshop: Workshop, pictures: list[np.ndarray]
) -> None:
    with MMPoseDetector(*workshop.coco, *workshop.blind, device="cpu") as detector:
        pass
    detector.close()
    with pytest.raises(DetectorError, match="has been closed"):
        detector.detect(pictures[0])


def test_pictures_of_another_kind_are_refused(detector: MMPoseDetector) -> None:
    with pytest.raises(DetectorError, match=r"\(height, width, 3\) uint8 RGB"):
        detector.detect(np.zeros((8, 8), np.uint8))


def test_a_video_goes_the_whole_road_with_mmpose(
    workshop: Workshop, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = "model = dict(test_cfg=dict(max_per_img=1))"
    person = workshop.person_model("sure", one, rtm_reg=4.0, rtm_cls=3.0)
    name = f"mmpose:{'='.join(workshop.halpe)},{'='.join(person)},device=cpu"
    clip = person_clip(tmp_path / "clip.mp4", 4)
    done = CommandLine(capfd).done("run", clip, "-o", tmp_path, "--format", "npz", "--detector", name)
    assert "Detector mmpose on CPU; lifter " in done.out
    detector = sidecar(tmp_path / "clip.json")["provenance"]["detector"]
    assert (detector["name"], detector["device"]) == ("mmpose", "CPU")
    assert f"joints by {HALPE} with {HALPE}.pth" in detector["description"]
    with np.load(tmp_path / "clip.npz") as found, MMPoseDetector(*workshop.halpe, *person, "cpu") as same:
        keypoints, scores = found["keypoints"][0], found["scores"][0]
        assert keypoints.shape == (4, 17, 2)
        with av.open(str(clip)) as container:
            pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        for frame, persons in enumerate(same.detect_batch(pictures)):
            expected = to_h36m17(persons[0].keypoints, persons[0].scores, "halpe26")[1]
            np.testing.assert_allclose(scores[frame], expected, atol=1e-3)


def test_a_plain_install_s_command_line_name_makes_it_without_a_word(workshop: Workshop) -> None:
    name = f"mmpose:{'='.join(workshop.coco)},{'='.join(workshop.blind)},device=cpu"
    code = (
        "import sys, numpy as np\n"
        "from detectors import create_detector\n"
        f"with create_detector({name!r}) as detector:\n"
        "    assert detector.detect(np.zeros((90, 120, 3), np.uint8)) == []\n"
        "assert not {'torchvision', 'xtcocotools'} & set(sys.modules)\n"
        "print(detector.name, detector.description)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, cwd=REPO
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("mmpose MMPose 1.3.2, MMDetection 3.3.0, mmcv 2.1.0 (")
    assert f"on CPU: joints by {COCO} with {COCO}.pth (SHA-256 " in done.stdout
    assert len(done.stdout.splitlines()) == 1
