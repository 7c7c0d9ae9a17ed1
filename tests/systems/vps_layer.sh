#!/bin/sh
# Installs packages over this machine's own file system, in memory and with nothing started, and writes what that
# changed as a tar file: what a fresh server has that this machine may lack.
# usage: vps_layer.sh FOLDER TAR PACKAGE...
set -eu
folder=$1 tar=$2
shift 2

mount -t tmpfs tmpfs "$folder"
mkdir "$folder/changed" "$folder/work" "$folder/root"
root=$folder/root
mount -t overlay -o "lowerdir=/,upperdir=$folder/changed,workdir=$folder/work" overlay "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq --yes --no-install-recommends install "$@" >/dev/null
rm "$root/usr/sbin/policy-rc.d"
rm -rf "$folder/changed/var/cache/apt" "$folder/changed/var/lib/apt/lists"
tar -C "$folder/changed" --xattrs --xattrs-include='trusted.*' -cf "$tar" .
