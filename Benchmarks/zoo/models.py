"""The networks of the zoo: what builds each, and the extents of its input."""
from dataclasses import dataclass

import torch
from torch import nn
from torchvision import models


@dataclass(frozen=True)
class Entry:
    """A network: its name in torchvision, the extents of its input, and how it is built."""
    name: str
    shape: tuple
    family: str
    options: tuple = ()

    def build(self):
        """The network with random weights."""
        builder = models.get_model_builder(self.name)
        return builder(weights=None, **dict(self.options))


def images(names, size=224, **options):
    return [Entry(name, (1, 3, size, size), "classification", tuple(options.items()))
            for name in names.split()]


def segmentation(names, size=224):
    return [Entry(name, (1, 3, size, size), "segmentation",
                  (("weights_backbone", None), ("aux_loss", False))) for name in names.split()]


def detection(names, size, **options):
    # A low threshold: random weights are sure of nothing.
    options = {"weights_backbone": None, **options}
    return [Entry(name, (1, 3, size, size), "detection", tuple(options.items()))
            for name in names.split()]


ZOO = [
    *images("alexnet convnext_tiny convnext_small densenet121 densenet169 efficientnet_b0"),
    *images("efficientnet_b1", 240),
    *images("efficientnet_b3", 300),
    *images("efficientnet_v2_s", 384),
    *images("googlenet", 224, aux_logits=False, init_weights=False),
    *images("inception_v3", 299, aux_logits=False, init_weights=False),
    *images("maxvit_t mnasnet0_5 mnasnet0_75 mnasnet1_0 mobilenet_v2 mobilenet_v3_small "
            "mobilenet_v3_large regnet_x_400mf regnet_x_800mf regnet_y_400mf regnet_y_800mf "
            "regnet_y_1_6gf resnet18 resnet34 resnet50 resnext50_32x4d wide_resnet50_2 "
            "shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 squeezenet1_0 squeezenet1_1 "
            "swin_t"),
    *images("swin_v2_t", 256),
    *images("vgg11 vgg11_bn vgg16 vit_b_16 vit_b_32"),
    *segmentation("fcn_resnet50 deeplabv3_mobilenet_v3_large deeplabv3_resnet50"),
    Entry("lraspp_mobilenet_v3_large", (1, 3, 224, 224), "segmentation",
          (("weights_backbone", None),)),
    *detection("ssdlite320_mobilenet_v3_large", 320, score_thresh=0.011),
    *detection("fasterrcnn_mobilenet_v3_large_320_fpn", 320, box_score_thresh=0.0),
    *detection("keypointrcnn_resnet50_fpn maskrcnn_resnet50_fpn", 320, box_score_thresh=0.0,
               min_size=320, max_size=320),
    Entry("r3d_18", (1, 3, 8, 112, 112), "video"),
    Entry("raft_small", (1, 3, 128, 128), "flow"),
]


class Plain(nn.Module):
    """A network whose result is a tuple of tensors, whatever the original returns."""

    def __init__(self, network, family):
        super().__init__()
        self.network = network
        self.family = family

    def forward(self, x):
        if self.family == "flow":
            return self.network(x, x.flip(3), num_flow_updates=2)[-1]
        if self.family == "detection":
            return tuple(self.network([x[0]])[0].values())
        result = self.network(x)
        return result["out"] if self.family == "segmentation" else result


def prepared(entry, size=None):
    """The network with seeded weights that keep activations in range, and an input to export with."""
    torch.manual_seed(0)
    network = Plain(entry.build(), entry.family)
    shape = entry.shape if size is None else entry.shape[:-2] + (size, size)
    generator = torch.Generator().manual_seed(0)
    steady(network, shape, generator)
    return network.eval(), torch.rand(shape, generator=generator)


def steady(network, shape, generator):
    """Gives normalizations statistics of one random batch and scales other than one.

    A fresh network has mean 0 and variance 1 in every BatchNormalization: its activations vanish or
    explode with the depth, and errors would mean nothing. Layer scales near zero would hide whole
    branches.
    """
    norms = []
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d)):
            norms.append(module)
            module.momentum = None  # cumulative: the statistics of what it sees
            module.reset_running_stats()
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm)):
            if module.weight is not None:
                module.weight.data.uniform_(0.7, 1.3, generator=generator)
                module.bias.data.normal_(0, 0.1, generator=generator)
    for name, parameter in network.named_parameters():
        if name.endswith("layer_scale"):
            parameter.data.uniform_(0.2, 0.6, generator=generator)
        elif parameter.dim() > 1 and not parameter.any():
            parameter.data.normal_(0, 0.02, generator=generator)  # heads that start at zero
    network.eval()
    if norms:
        for module in norms:
            module.train()
        with torch.no_grad():
            for _ in range(2):
                batch = torch.rand(shape, generator=generator)
                # Two, since normalization of single pixels needs more than one number.
                batch = torch.cat([batch, torch.rand(shape, generator=generator)])
                network.network(list(batch)) if network.family == "detection" else network(batch)
    return network.eval()
