#!/bin/sh
# What a newcomer does first, from a fresh clone and with the pins of requirements.lock alone:
# `make demo`, `make run`, and the same from the wheel. The tests' own packages are not there.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
bridge=
end() {
    [ -z "$bridge" ] || kill "$bridge" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT

git clone --quiet "$here" "$work/clone"
cd "$work/clone"
echo "== make demo"
make demo ARGS="--once --port 0"

echo "== make run"
export BRIDGE_DATA="$work/data"
make run ARGS="--port 0" >"$work/run.log" 2>&1 &
bridge=$!
tries=0
until grep -q "Bridgehead is running" "$work/run.log"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ] || ! kill -0 "$bridge"; then
        cat "$work/run.log"
        exit 1
    fi
    sleep 1
done
.venv/bin/bridge doctor
echo "hello" | .venv/bin/bridge chat | grep "said: hello"
kill "$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$BRIDGE_DATA/server.json")"
wait "$bridge"
bridge=

echo "== the wheel"
.venv/bin/python -c "from hatchling.build import build_wheel; build_wheel('$work')" >/dev/null
uv=$(command -v uv || true)
if [ -n "$uv" ]; then
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --reinstall "$work"/*.whl
else
    .venv/bin/python -m pip install --quiet --no-deps --force-reinstall "$work"/*.whl
fi
cd "$work"
clone/.venv/bin/python -c "import bridge.demo as demo; assert 'site-packages' in demo.__file__"
clone/.venv/bin/bridge demo --once --port 0
