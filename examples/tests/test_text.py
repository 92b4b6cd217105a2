import pytest

from shop.text import initials, label, slugify, truncate, word_counts


def test_label_shows_two_decimals():
    assert label("Milk", 1.2) == "Milk: 1.20"


@pytest.mark.parametrize(("title", "slug"), [("Oat Milk", "oat-milk"), ("Jam", "jam"), ("a  --  b", "a-b")])
def test_slugs_have_single_hyphens(title, slug):
    assert slugify(title) == slug


def test_a_truncated_text_never_exceeds_the_limit():
    for limit in range(3, 20):
        assert len(truncate("a very long description", limit)) <= limit


def test_words_are_counted_without_regard_to_case():
    assert word_counts("Tea tea TEA") == {"tea": 3}


def test_initials_are_upper_case():
    assert initials("mary ann") == "MA"
