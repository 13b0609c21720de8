#!/bin/sh
# Leaves of a Debian with Python what the service needs: no package manager, no compiler's files, nothing that
# gains rights. Run by the Dockerfile, as root, in the stage that becomes the image.
set -eu

stdlib=$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
prefix=$(python -c 'import sys; print(sys.prefix)')

# Python: pip goes, and what only developers and desktops use.
for package in pip setuptools wheel pkg_resources; do
    found=$(python -c "import importlib.util as u; s = u.find_spec('$package'); print(s.submodule_search_locations[0] if s else '')")
    [ -z "$found" ] || rm -rf "$found" "$found"-*.dist-info
done
for module in ensurepip idlelib lib2to3 pydoc_data test tkinter turtledemo; do
    rm -rf "${stdlib:?}/$module"
done
rm -rf "$stdlib"/config-* "$prefix"/include "$prefix"/bin/pip* "$prefix"/bin/idle* "$prefix"/bin/pydoc* \
    "$prefix"/bin/python*-config "$prefix"/lib/pkgconfig /usr/share/python-wheels
# The interpreter's own modules, so that no start compiles them. Official images come without bytecode.
python -m compileall -q -j 0 --invalidation-mode unchecked-hash "$stdlib"

# Debian: what the others need for installing goes with them. dpkg's database stays, true to what is left, so
# that scanners can tell what the image holds.
dpkg --purge --force-remove-essential --force-remove-protected --force-depends apt perl-base >/dev/null 2>&1
rm -rf /etc/apt /var/lib/apt /var/cache/* /var/log/* /usr/lib/apt /usr/libexec/dpkg /usr/lib/dpkg \
    /usr/share/man /usr/share/info /usr/share/locale /usr/share/perl5 /root/.cache
find /usr/bin /usr/sbin -name 'dpkg*' -delete
# Licences stay with what they are for.
find /usr/share/doc -type f ! -name copyright -delete

# Nothing gains rights: neither setuid nor setgid, and no file that everybody may write.
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
find / -xdev -type f -perm -0002 -exec chmod o-w {} +

for gone in pip pip3 apt apt-get dpkg perl gcc cc; do
    ! env sh -c "command -v $gone" || { echo "$gone is still there" >&2; exit 1; }
done
! python -c 'import pip' 2>/dev/null || { echo "pip is still there" >&2; exit 1; }
rm -- "$0"
