#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# collect.sh BINARY ROOT: makes ROOT, on Debian, a root file system in which BINARY runs: the shared libraries that it loads, a
# user, and for each library's package its entry of dpkg's status and its copyright.
set -eu
binary=$1 root=$2

mkdir -p "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/var/lib/dpkg/status.d" "$root/usr/share/doc"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
echo 'pannier:x:65532:65532:pannier:/:/sbin/nologin' >"$root/etc/passwd"
echo 'pannier:x:65532:' >"$root/etc/group"

! ldd "$binary" | grep 'not found' || exit 1
for library in $(ldd "$binary" | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p'); do
    cp -L --parents "$library" "$root"
    package=$(dpkg-query --search "$(realpath "$library")" | cut -d: -f1)
    dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/$package"
    mkdir -p "$root/usr/share/doc/$package"
    cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
done
