# Glance 33 from PyPI.
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../lib.sh"
VENV=${GLANCE33_VENV:-$(fetch glance33)}

# Ceph's bindings are Debian's.
for library in /usr/lib/python3/dist-packages/{rados,rbd}.*.so; do
    for packages in "$VENV"/lib/python3.*/site-packages; do
        [ ! -e "$library" ] || [ -e "$packages/${library##*/}" ] || ln -s "$library" "$packages/"
    done
done
