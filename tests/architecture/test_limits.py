"""Rate limits stand beside what they protect."""

from tests.architecture.test_rules import calls, sources
from tests.support.limits import declared_limits


def test_every_rate_limit_has_a_name_of_its_own() -> None:
    names = [limit.name for limit in declared_limits()]

    assert len(names) > 10
    assert sorted(names) == sorted(set(names))


def test_rate_limits_are_declared_by_the_domain_that_they_concern() -> None:
    declaring = {path for path, source in sources() if "Limit" in calls(source)}

    assert "app/comments/limits.py" in declaring
    assert [path for path in declaring if not path.endswith("/limits.py")] == []
