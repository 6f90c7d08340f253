#!/bin/sh
# Find a Python that will do, and let it set the course up in .venv (tools/set_up.py).
here=$(dirname "$0")
for python in $PYTHON python3 python3.13 python3.12 python3.11 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" "$here/set_up.py"
    fi
done
echo "set-up: my_step needs Python 3.11 or newer, and none was found: install it, or say where it is with PYTHON=/path/to/python3." >&2
exit 1
