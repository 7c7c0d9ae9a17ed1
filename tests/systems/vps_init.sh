#!/bin/sh
# The first process of one test server: like sshhosts_init.sh, with the packages of a layer, devices and a log of its
# own, and an sshd that reads /etc/ssh. There is no systemd: `service` starts and tells what there is.
# usage: vps_init.sh NAME FOLDER ADDRESS/PREFIX GATEWAY LAYER
set -eu
name=$1 folder=$2

mount -t tmpfs tmpfs "$folder/disk"
mkdir "$folder/disk/changed" "$folder/disk/work" "$folder/disk/root"
new=$folder/disk/root
tar -C "$folder/disk/changed" --xattrs --xattrs-include='trusted.*' -xf "$5"
mount -t overlay -o "lowerdir=/,upperdir=$folder/disk/changed,workdir=$folder/disk/work" overlay "$new"
mount -t proc proc "$new/proc"
mount -t sysfs sysfs "$new/sys"
mount -t tmpfs -o mode=755 tmpfs "$new/run"
mount -t tmpfs -o mode=1777 tmpfs "$new/tmp"
mount -t tmpfs -o mode=755 tmpfs "$new/dev"
for device in null zero full random urandom tty; do
  : >"$new/dev/$device"
  mount --bind "/dev/$device" "$new/dev/$device"
done
ln -s /proc/self/fd "$new/dev/fd"

hostname "$name"
echo "$name" >"$new/etc/hostname"
echo "127.0.0.1 localhost $name" >"$new/etc/hosts"
: >"$new/etc/resolv.conf"
mount -t tmpfs -o mode=700 tmpfs "$new/root"
mkdir -p "$new/root/.ssh" "$new/run/sshd" "$new/etc/ssh/sshd_config.d"
cp "$folder/authorized_keys" "$new/root/.ssh/authorized_keys"
rm -f "$new"/etc/ssh/ssh_host_*
cp "$folder/host/key" "$new/etc/ssh/ssh_host_ed25519_key"
cp "$folder/host/key.pub" "$new/etc/ssh/ssh_host_ed25519_key.pub"
chmod 600 "$new/etc/ssh/ssh_host_ed25519_key"
printf 'module(load="imuxsock")\nauth,authpriv.* /var/log/auth.log\n' >"$new/etc/rsyslog.conf"
: >"$new/var/log/auth.log"

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
exec chroot "$new" sh -c 'rsyslogd; /usr/sbin/sshd; exec sleep infinity'
