# Glance 33 from PyPI.
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../lib.sh"
# uWSGI is compiled when the virtual environment is made.
[ -n "${GLANCE33_VENV:-}" ] || need gcc libc6-dev python3-dev
VENV=${GLANCE33_VENV:-$(virtualenv glance33)}
