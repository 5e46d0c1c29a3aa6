"""Two models by share: conversations stay with theirs. Who answers while one is away: test_pool."""

from uuid import UUID

from backend.assistant.shared import is_in_share

IDS = [UUID(int=number) for number in range(4000)]


def test_the_share_is_stable_grows_by_adding_and_is_about_its_percentage() -> None:
    chosen = {one for one in IDS if is_in_share(one, 20)}
    assert chosen == {one for one in IDS if is_in_share(one, 20)}
    assert 0.17 < len(chosen) / len(IDS) < 0.23
    assert chosen < {one for one in IDS if is_in_share(one, 30)}
    assert not any(is_in_share(one, 0) for one in IDS)
    assert all(is_in_share(one, 100) for one in IDS)
