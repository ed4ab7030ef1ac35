"""YAML with its places: nothing is read that is longer than what was written, or stands elsewhere."""

from __future__ import annotations

import pytest

from services.kit.yaml_text import BadYaml, Place, WrittenFloat, load_placed, load_yaml


def test_values_and_keys_are_found_where_they_stand() -> None:
    placed = load_placed("a: 1\nb:\n  - x\n  - {c: 2.50}\n")
    assert placed.value == {"a": 1, "b": ["x", {"c": 2.5}]}
    assert placed.values["b", 2, "c"] == Place(4, 9)
    assert placed.keys["b", 2, "c"] == Place(4, 6)
    assert placed.values["b", 1] == Place(3, 5)


def test_of_a_key_that_is_given_again_the_first_counts_and_all_are_told() -> None:
    placed = load_placed("a: 1\na: 2\nb: {c: 1, c: 2}\na: 3\n")
    assert placed.value == {"a": 1, "b": {"c": 1}}
    assert placed.repeated == ((("a",), Place(2, 1)), (("b", "c"), Place(3, 11)), (("a",), Place(4, 1)))


def test_a_number_with_a_point_keeps_its_digits() -> None:
    for value in (load_yaml("0.10000000000000000555"), load_placed("0.10000000000000000555").value):
        assert isinstance(value, WrittenFloat)
        assert value.text == "0.10000000000000000555"
        assert value == 0.1


def test_an_empty_text_is_null() -> None:
    assert load_placed("").value is None


@pytest.mark.parametrize("load", [load_yaml, load_placed])
def test_a_number_of_too_many_digits_is_refused(load: object) -> None:
    with pytest.raises(BadYaml, match=r"line 1, column 4: this is no number, or has too many digits"):
        load(f"a: {'9' * 5000}")  # type: ignore[operator]


def test_aliases_are_refused_before_anything_is_built_from_them() -> None:
    laughs = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(5))
    with pytest.raises(BadYaml, match=r"line 1, column 4: anchors"):
        load_placed(laughs)
