"""Lighter box branches keep what they can, and the teacher neither learns nor travels."""

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra named train")
pytest.importorskip("ultralytics", reason="needs the extra named train")

from lab.training.network import StudentNetwork, Teacher, lighten_box_branches  # noqa: E402

OLD, NEW = ("person", "car"), ("fire", "person")


@pytest.fixture
def network() -> Any:
    torch.manual_seed(7)
    return StudentNetwork("yolo11n.yaml", nc=2, verbose=False)


def parameters(network: Any) -> Any:
    return sum(one.numel() for one in network.parameters())


def test_lighter_branches_have_fewer_weights_and_the_same_outputs_in_form(network: Any) -> None:
    pictures = torch.rand(1, 3, 64, 64)
    before, heavy = network.eval()(pictures)[0].shape, parameters(network)
    lighten_box_branches(network)
    assert network.eval()(pictures)[0].shape == before
    assert parameters(network) < heavy


def test_a_convolution_of_rank_one_is_split_without_loss(network: Any) -> None:
    whole = network.model[-1].cv2[0][1].eval()
    whole.bn.running_var.fill_(1 - whole.bn.eps)
    depth, point = torch.rand(64, 1, 3, 3), torch.rand(64, 64, 1, 1)
    whole.conv.weight.data.copy_(point * depth.permute(1, 0, 2, 3))
    inputs = torch.rand(1, 64, 8, 8)
    wanted = whole(inputs)
    lighten_box_branches(network)
    split = network.model[-1].cv2[0][1].eval()
    assert torch.allclose(split(inputs), wanted, rtol=1e-3, atol=1e-3)


def test_a_teacher_pulls_towards_what_it_says_and_stays_as_it_is(network: Any) -> None:
    teacher = Teacher(copy.deepcopy(network), OLD, NEW)
    before = [one.clone() for one in teacher.network.parameters()]
    pictures = torch.rand(2, 3, 64, 64)
    said = {
        key: value.float() for key, value in network.train()(pictures).items() if key != "feats"
    }
    score, box = teacher.loss(said, pictures)
    assert float(score.detach()) > 0
    assert float(box.detach()) >= 0
    (score + box).backward()
    after = teacher.network.parameters()
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))


def test_a_checkpoint_does_not_carry_the_teacher(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StudentNetwork, "teacher", Teacher(copy.deepcopy(network), OLD, NEW))
    assert "teacher" not in vars(network)
    assert parameters(copy.deepcopy(network)) == parameters(network)
