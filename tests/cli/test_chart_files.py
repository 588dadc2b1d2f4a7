from pathlib import Path

import pytest

from understudy_cli import chart_files

CHART = Path(__file__).parents[2] / "charts" / "understudy"


@pytest.fixture
def chart(tmp_path) -> Path:
    assert chart_files.main(tmp_path, check=False) == 0
    return tmp_path


def test_the_chart_of_the_checkout_follows_its_sources():
    assert chart_files.main(CHART, check=True) == 0


def test_what_was_written_is_up_to_date(chart):
    assert chart_files.main(chart, check=True) == 0


def test_a_changed_a_missing_and_a_left_over_file_are_named(chart, capsys):
    folder = chart / "templates"
    (folder / "crds" / "renderjobs.yaml").write_text("changed")
    (folder / "shared" / "25-vault-role.yaml").unlink()
    (folder / "shared" / "99-old.yaml").write_text("old")
    assert chart_files.main(chart, check=True) == 1
    error = capsys.readouterr().err
    for name in ("crds/renderjobs.yaml", "shared/25-vault-role.yaml", "shared/99-old.yaml", "run `make crds`"):
        assert name in error
    assert chart_files.main(chart, check=False) == 0
    assert chart_files.main(chart, check=True) == 0


def test_neither_namespace_nor_pool_is_copied(chart):
    copied = "".join(path.read_text() for path in (chart / "templates" / "shared").iterdir())
    assert "kind: Namespace\n" not in copied
    assert "kind: RenderPool\n" not in copied
    assert "understudy-system" not in copied


def test_braces_come_through_helm_as_they_are():
    assert chart_files._escaped("a {{ b }}") == 'a {{ "{{" }} b }}'
