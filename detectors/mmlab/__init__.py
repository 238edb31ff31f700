"""MMPose with MMDetection: the detector, and what the two need around them here: import, configs, checkpoints.

- `mmpose`: the detector.
- `libraries`: the import, with stand-ins for what is not installed and not needed.
- `ops`: the one compiled operation that is needed, non-maximum suppression, in plain PyTorch.
- `configs`: a config by name or path, and the network it describes.
- `checkpoints`: weights, read without running anything, and loaded strictly.
- `formats`: which of our keypoint formats a network delivers, by its own metainfo.
- `persons`: person boxes from MMDetection.

Among the detectors, only this package imports torch.
"""
