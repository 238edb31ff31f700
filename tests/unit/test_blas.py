"""The motion stage's linear algebra keeps to one thread, so that a busy machine does not stop the window."""

from synthetic_body import seen_by_camera, walk
from threadpoolctl import threadpool_info

from app.motion import reconstruct_motion
from tests.synthetic_body import IMAGE_SIZE


def test_motion_leaves_the_linear_algebra_of_numpy_and_scipy_in_one_thread() -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(30, 30.0))
    reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, 30.0)
    ours = [
        library
        for library in threadpool_info()
        if library["internal_api"] == "openblas" and "torch" not in library["filepath"]
    ]
    assert ours, "NumPy and SciPy bring OpenBLAS"
    assert {library["num_threads"] for library in ours} == {1}
