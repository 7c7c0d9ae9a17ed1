#!/bin/sh
# Takes away what test machines leave: processes, bridge, groups, disks. Waits for the end of its standard input, which
# comes when whoever started the machines is done with them, or is dead.
# usage: clean_up.sh FOLDER BRIDGE
folder=$1 bridge=$2
trap '' INT TERM HUP
cat >/dev/null

for pid in $(cat "$folder"/*/pid 2>/dev/null); do
  kill -s KILL -- "-$pid" 2>/dev/null
done
ip link delete "$bridge" 2>/dev/null
umount -l "$folder" 2>/dev/null
# Whoever is still ending holds groups and files for a moment.
tries=0
while [ "$tries" -lt 100 ]; do
  groups=$(find /sys/fs/cgroup -depth -type d -path "*/orch-$bridge-*" 2>/dev/null)
  [ -z "$groups" ] || echo "$groups" | xargs rmdir 2>/dev/null
  rm -rf "$folder" 2>/dev/null
  [ -z "$groups" ] && [ ! -e "$folder" ] && exit 0
  tries=$((tries + 1))
  sleep 0.1
done
echo "left behind: $folder $groups" >&2
exit 1
