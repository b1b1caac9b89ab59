#!/bin/sh
# Puts the pinned dependencies ($LOCK) and this tree, editable, into the environment $VENV.
# With $UV (a path) uv does it, else pip. $PYTHON names the interpreter, else the best one is found.
set -eu

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3 python}; do
        if command -v "$name" >/dev/null 2>&1 && fits "$name"; then
            command -v "$name"
            return
        fi
    done
    echo "Bridgehead needs Python 3.11 or newer, and none was found: ${PYTHON:-install one}." >&2
    echo "If it has another name, say so: make PYTHON=/path/to/python3 ..." >&2
    exit 1
}

new_environment() {
    python=$(find_python)
    echo "Making $VENV with $("$python" --version)" >&2
    if [ -n "${UV:-}" ]; then
        "$UV" venv --quiet --clear --python "$python" "$VENV"
    elif ! "$python" -m venv --clear "$VENV"; then
        rm -rf "$VENV"
        echo "This Python cannot make environments; on Debian or Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
}

usable() {
    [ -x "$VENV/bin/python" ] && fits "$VENV/bin/python" &&
        { [ -n "${UV:-}" ] || "$VENV/bin/python" -m pip --version >/dev/null 2>&1; }
}

install() {
    if [ -n "${UV:-}" ]; then
        "$UV" pip install --quiet --python "$VENV/bin/python" "$@"
    else
        "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

# pip says nothing for long: count what it fetches, on a terminal in one line.
with_pip_counting() {
    echo "Installing $LOCK with pip: this takes a minute or two." >&2
    echo "(uv, if you install it, takes seconds.)" >&2
    failed=$(mktemp)
    { "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off \
        --require-hashes -r "$LOCK" || echo failed >"$failed"; } | counted
    [ ! -s "$failed" ] || { rm -f "$failed"; exit 1; }
    rm -f "$failed"
}

counted() {
    count=0
    while read -r line; do
        case "$line" in
        Collecting*)
            count=$((count + 1))
            if [ -t 2 ]; then printf '\r  %s packages fetched' "$count" >&2; fi
            ;;
        "Installing collected packages"*)
            if [ -t 2 ]; then printf '\r  unpacking them       \n' >&2; fi
            ;;
        esac
    done
}

usable || new_environment
if [ -n "${UV:-}" ]; then
    echo "Installing $LOCK with uv" >&2
    install --require-hashes -r "$LOCK"
else
    with_pip_counting
fi
install --no-deps --no-build-isolation -e .
