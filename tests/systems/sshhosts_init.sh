#!/bin/sh
# The first process of one test host: it stands in new network, mount, pid, uts and ipc namespaces, lays a file system of
# its own in memory over the machine's, and becomes its sshd there. What a play changes is gone with the host.
# usage: sshhosts_init.sh probe FOLDER | sshhosts_init.sh NAME FOLDER ADDRESS/PREFIX GATEWAY SSHD
set -eu
name=$1 folder=$2

mount -t tmpfs tmpfs "$folder/disk"
mkdir "$folder/disk/changed" "$folder/disk/work" "$folder/disk/root"
new=$folder/disk/root
mount -t overlay -o "lowerdir=/,upperdir=$folder/disk/changed,workdir=$folder/disk/work" overlay "$new"
mount -t proc proc "$new/proc"
mount -t sysfs sysfs "$new/sys"
mount --rbind /dev "$new/dev"
mount -t tmpfs -o mode=755 tmpfs "$new/run"
mount -t tmpfs -o mode=1777 tmpfs "$new/tmp"
[ "$name" != probe ] || exec ip link add probe0 type bridge

hostname "$name"
mkdir -p "$new/run/sshd" "$new$folder"
mount --bind "$folder" "$new$folder"
mount -t tmpfs -o mode=700 tmpfs "$new/root"
cp -a "$folder/etc/." "$new/etc/"
mkdir -p "$new/home/ops"
chown 61500:61500 "$new/home/ops"

# The other end of the cable is pushed in from outside.
tries=0
until ip link show eth0 >/dev/null 2>&1; do
  tries=$((tries + 1)); [ "$tries" -lt 600 ] || exit 1
  sleep 0.05
done
ip link set lo up
ip address add "$3" dev eth0
ip link set eth0 up
ip route add default via "$4"
exec chroot "$new" "$5" -D -e -f "$folder/sshd_config"
