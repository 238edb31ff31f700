"""Small files in exactly the layouts of the published data sets, from made-up motion."""

from pathlib import Path

import numpy as np

from stcformer.paper.human36m import CHOSEN_OF_32, TEST_SUBJECTS, TRAINING_SUBJECTS, studio_cameras

ACTIONS = ("Walking", "Walking 1", "Directions")
KEYPOINTS_METADATA = {
    "layout_name": "h36m",
    "num_joints": 17,
    "keypoints_symmetry": [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]],
}


def swinging_body(frames: int, seed: int) -> np.ndarray:
    """(frames, 17, 3) metres about the origin: the same body in all, moving differently by seed."""
    body = np.random.default_rng(0).normal(0, 0.35, (17, 3))
    phase = np.random.default_rng(seed).uniform(0, 6, (1, 17, 3))
    return body + 0.1 * np.sin(np.arange(frames)[:, None, None] / 8 + phase)


def write_human36m(folder: Path, *, frames: int = 30, subjects: tuple[str, ...] | None = None) -> None:
    """`data_3d_h36m.npz` and `data_2d_h36m_gt.npz`: float32, 32 joints in the studio's metres; 2D a little longer."""
    poses: dict[str, dict[str, np.ndarray]] = {}
    keypoints: dict[str, dict[str, list[np.ndarray]]] = {}
    for number, subject in enumerate(subjects or (*TRAINING_SUBJECTS, *TEST_SUBJECTS)):
        poses[subject], keypoints[subject] = {}, {}
        for place, action in enumerate(ACTIONS):
            joints = swinging_body(frames + place, 10 * number + place) + np.array([0, 0, 1])
            all_joints = np.zeros((len(joints), 32, 3), np.float32)
            all_joints[:, CHOSEN_OF_32] = joints
            poses[subject][action] = all_joints
            views = []
            for camera in studio_cameras()[subject]:
                seen = camera.camera_space(all_joints[:, CHOSEN_OF_32].astype(np.float64))
                pixels = np.asarray(camera.focal) * seen[..., :2] / seen[..., 2:] + np.asarray(camera.centre)
                views.append(np.concatenate((pixels, pixels[-2:])).astype(np.float32))
            keypoints[subject][action] = views
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "data_3d_h36m.npz", positions_3d=np.array(poses, dtype=object))
    np.savez_compressed(
        folder / "data_2d_h36m_gt.npz",
        positions_2d=np.array(keypoints, dtype=object),
        metadata=np.array(KEYPOINTS_METADATA, dtype=object),
    )


def write_mpi_inf_3dhp(folder: Path, *, frames: int = 25) -> None:
    """`data_train_3dhp.npz` and `data_test_3dhp.npz`: poses in millimetres before the camera, pixels, valid marks."""

    def clip(seed: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
        pose = 1000 * swinging_body(frames, seed) + (0, 0, 4000)
        pixels = 1500 * pose[..., :2] / pose[..., 2:] + (size[0] / 2, size[1] / 2)
        return {"data_2d": pixels, "data_3d": pose}

    training = {
        f"S{subject} Seq{sequence}": [
            {str(camera): clip(100 * subject + 10 * sequence + camera, (2048, 2048)) for camera in (0, 1)}
        ]
        for subject in (1, 2)
        for sequence in (1, 2)
    }
    test = {}
    for number in range(1, 7):
        size = (1920, 1080) if number > 4 else (2048, 2048)
        valid = np.ones(frames)
        valid[: number + 1] = 0
        valid[15] = 0
        test[f"TS{number}"] = clip(number, size) | {"valid": valid}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "data_train_3dhp.npz", data=np.array(training, dtype=object))
    np.savez_compressed(folder / "data_test_3dhp.npz", data=np.array(test, dtype=object))
