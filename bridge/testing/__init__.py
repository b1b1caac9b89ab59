"""What a channel or an agent must do, as tests to be run from any package: `bridgehead[testing]`.

`bridge.testing.channels`, `bridge.testing.agents` and `bridge.testing.rig` say how.
"""

import pytest

pytest.register_assert_rewrite("bridge.testing.channels", "bridge.testing.agents")
