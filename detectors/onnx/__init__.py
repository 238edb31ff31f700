"""ONNX files in onnxruntime: RTMDet finds persons, RTMPose their joints."""
