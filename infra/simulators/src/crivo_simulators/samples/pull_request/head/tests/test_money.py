from shop.money import euros, total


def test_negative_amounts_keep_their_sign() -> None:
    assert euros(-105) == "-1.05 EUR"


def test_total_is_the_sum() -> None:
    assert total([1, 2, 3]) == 6
