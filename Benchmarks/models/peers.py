"""The peers: how each is built from an ONNX file, and how it runs."""
import os
import subprocess
import sys
import time

import numpy as np

PEERS = ["ort-f32", "openvino-f32", "ncnn-f32", "ort-int8", "openvino-int8"]


def is_integer(name):
    return name.endswith("int8")


def fixed(path, folder):
    """The model with every open extent of its input set to one; its input's name and shape."""
    import onnx
    model = onnx.load(path)
    known = {tensor.name for tensor in model.graph.initializer}
    source = next(value for value in model.graph.input if value.name not in known)
    shape = []
    for extent in source.type.tensor_type.shape.dim:
        if not extent.HasField("dim_value"):
            extent.dim_value = 1
        shape.append(extent.dim_value)
    del model.graph.value_info[:]
    for result in model.graph.output:
        result.type.tensor_type.ClearField("shape")
    out = os.path.join(folder, "fixed.onnx")
    onnx.save(onnx.shape_inference.infer_shapes(model), out)
    return out, source.name, shape


def samples(folder, name, shape, count):
    """Samples for ranges, the same for every peer and for Pare: a folder of .npy files."""
    out = os.path.join(folder, "samples")
    os.makedirs(out, exist_ok=True)
    random = np.random.default_rng(0)
    paths = []
    for index in range(count):
        path = os.path.join(out, f"{index:03}.npy")
        if not os.path.exists(path):
            np.save(path, random.standard_normal(shape, np.float32))
        paths.append(path)
    return out, paths


def build(peer, path, name, paths, folder):
    """The files of one peer; they are kept in `folder` and made once."""
    maker = {"ort-f32": lambda: [path], "ort-int8": ort_int8, "openvino-f32": openvino_f32,
             "openvino-int8": openvino_int8, "ncnn-f32": ncnn_f32}[peer]
    return maker() if peer == "ort-f32" else maker(path, name, paths, folder)


def ort_int8(path, name, paths, folder):
    out = os.path.join(folder, "ort-int8.onnx")
    if os.path.exists(out):
        return [out]
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            self.left = list(paths)

        def get_next(self):
            return {name: np.load(self.left.pop(0))} if self.left else None

    ready = os.path.join(folder, "ort-ready.onnx")
    model = onnx.load(path)
    # Scales for each channel need an axis, which QuantizeLinear has since 13.
    if next(entry.version for entry in model.opset_import if entry.domain == "") < 13:
        model = onnx.version_converter.convert_version(model, 13)
    onnx.save(model, ready)
    quant_pre_process(ready, ready, skip_symbolic_shape=True)
    quantization.quantize_static(
        ready, out, Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
        activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
    return [out]


def openvino_f32(path, name, paths, folder):
    out = os.path.join(folder, "openvino-f32.xml")
    if not os.path.exists(out):
        import openvino
        openvino.save_model(openvino.convert_model(path), out, compress_to_fp16=False)
    return [out, out[:-3] + "bin"]


def openvino_int8(path, name, paths, folder):
    out = os.path.join(folder, "openvino-int8.xml")
    if not os.path.exists(out):
        import nncf
        import openvino
        quantized = nncf.quantize(
            openvino.convert_model(path), nncf.Dataset([np.load(sample) for sample in paths]),
            subset_size=len(paths))
        openvino.save_model(quantized, out)
    return [out, out[:-3] + "bin"]


def ncnn_f32(path, name, paths, folder):
    work = os.path.join(folder, "ncnn")
    files = [os.path.join(work, "fixed.ncnn." + kind) for kind in ("param", "bin")]
    if not all(os.path.exists(file) for file in files):
        os.makedirs(work, exist_ok=True)
        shape = ",".join(str(extent) for extent in np.load(paths[0]).shape)
        copy = os.path.join(work, "fixed.onnx")
        with open(path, "rb") as source, open(copy, "wb") as target:
            target.write(source.read())
        # The command lies beside the interpreter of the environment, which may not be on the path.
        tool = os.path.join(os.path.dirname(sys.executable), "pnnx")
        subprocess.run([tool, copy, f"inputshape=[{shape}]", "fp16=0"], cwd=work, check=True,
                       capture_output=True)
    return files


def load(peer, files, threads, x):
    """Opens the files and computes once: a function that computes, and the milliseconds it took."""
    if peer.startswith("ort"):
        import onnxruntime
        start = time.perf_counter()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(files[0], options, ["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: x}
        step = lambda: session.run(None, feed)
    elif peer.startswith("openvino"):
        import openvino
        start = time.perf_counter()
        request = openvino.Core().compile_model(files[0], "CPU", {
            "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False,
        }).create_infer_request()
        step = lambda: request.infer({0: x}, share_inputs=True, share_outputs=True)
    else:
        import ncnn
        start = time.perf_counter()
        net = ncnn.Net()
        net.opt.num_threads = threads
        net.load_param(files[0])
        net.load_model(files[1])
        source, sink, mat = net.input_names()[0], net.output_names()[0], ncnn.Mat(x[0])

        def step():
            extractor = net.create_extractor()
            extractor.input(source, mat)
            return extractor.extract(sink)
    step()
    return step, (time.perf_counter() - start) * 1e3
