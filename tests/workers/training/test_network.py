"""The face network: shapes, a start at the linear picture, a blind spot where the mouth is hidden."""

from __future__ import annotations

import pytest
import torch

from understudy_workers.training.network import Deployed, FaceNet, Shape, design, unit

SHAPE = Shape(64, 5, 3)


@pytest.fixture
def net() -> FaceNet:
    torch.manual_seed(1)
    hidden = torch.zeros(64, 64)
    hidden[16:48, 16:48] = 1
    net = FaceNet(SHAPE, hidden)
    net.linear.weight.copy_(torch.rand_like(net.linear.weight) / 10)
    torch.nn.init.normal_(net.head.weight, std=0.1)
    return net.eval()


def inputs(count: int = 2) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(3)
    pictures = [torch.rand(count, 3, 64, 64, generator=generator) for _ in range(2)]
    return (*pictures, torch.rand(count, 3, generator=generator), torch.rand(count, 5, generator=generator))


def test_a_new_network_draws_the_linear_picture() -> None:
    net = FaceNet(SHAPE, torch.ones(64, 64)).eval()
    net.linear.weight.copy_(torch.rand_like(net.linear.weight))
    plate, quiet, pose, code = inputs()
    assert torch.equal(net(plate, quiet, pose, code), net.linear(pose, code))


def test_the_linear_picture_is_solved_not_trained(net: FaceNet) -> None:
    assert not net.linear.weight.requires_grad
    assert net.linear.weight.shape == (2 * 3 + 5 + 1, 3 * 64 * 64)


def test_the_design_is_pose_its_square_code_and_one() -> None:
    rows = design(torch.tensor([[2.0, -3.0]]), torch.tensor([[5.0]]))
    assert rows.tolist() == [[2, -3, 4, 9, 5, 1]]


def test_hidden_pixels_of_the_plate_are_not_looked_at(net: FaceNet) -> None:
    plate, quiet, pose, code = inputs()
    before = net(plate, quiet, pose, code)
    spoilt = plate.clone()
    spoilt[:, :, 16:48, 16:48] = 0
    assert torch.equal(net(spoilt, quiet, pose, code), before)
    spoilt[:, :, :8] = 0
    assert not torch.equal(net(spoilt, quiet, pose, code), before)


@pytest.mark.parametrize("which", [1, 2, 3])
def test_every_other_input_matters(net: FaceNet, which: int) -> None:
    given = list(inputs())
    before = net(*given)
    given[which] = given[which] + 0.3
    assert not torch.allclose(net(*given), before)


def test_rows_do_not_see_each_other(net: FaceNet) -> None:
    given = inputs(3)
    whole = net(*given)
    single = torch.cat([net(*(part[k : k + 1] for part in given)) for k in range(3)])
    assert torch.allclose(whole, single, atol=1e-5)


def test_deployed_takes_and_gives_bytes(net: FaceNet) -> None:
    plate, quiet, pose, code = inputs()
    pictures = [(p * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous() for p in (plate, quiet)]
    made = Deployed(net)(*pictures, pose, code)
    assert made.dtype == torch.uint8
    assert made.shape == (2, 64, 64, 3)
    wanted = net(unit(pictures[0]), unit(pictures[1]), pose, code).clamp(0, 1)
    assert (unit(made) - wanted).abs().max() <= 0.51 / 255


def test_it_is_small() -> None:
    net = FaceNet(Shape(128, 16, 7), torch.ones(128, 128))
    trained = sum(p.numel() for p in net.parameters() if p.requires_grad)
    assert 0.5e6 < trained < 1.2e6
