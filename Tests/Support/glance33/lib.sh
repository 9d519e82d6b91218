# Glance 33 from PyPI.
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../lib.sh"
VENV=${GLANCE33_VENV:-$(fetch glance33)}
