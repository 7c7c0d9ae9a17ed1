#!/bin/sh
# The first process of one test node: it stands in new network, mount, pid, uts and ipc namespaces and runs a Docker engine
# there. When it is killed the whole node is gone at once, containers included, like a machine without power.
# usage: node_init.sh NAME FOLDER ADDRESS/PREFIX DOCKERD CGROUP
set -eu
name=$1 folder=$2 address=$3 dockerd=$4 cgroup=$5

hostname "$name"
mount -t tmpfs -o mode=755 tmpfs /run
# The engine keeps a key of its own there; two engines are two nodes.
[ ! -d /etc/docker ] || mount -t tmpfs -o mode=700 tmpfs /etc/docker

# The other end of the cable is pushed in from outside.
tries=0
until ip link show eth0 >/dev/null 2>&1; do
  tries=$((tries + 1)); [ "$tries" -lt 600 ] || exit 1
  sleep 0.05
done
ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
# No default route on purpose: looking for an image outside fails at once. So does asking for the name of a part that has
# not come to life yet, which Docker asks further: the other end of the bridge answers no such question.
echo '{}' > "$folder/daemon.json"
# What the engine keeps for as long as it runs is gone with the power.
"$dockerd" --config-file "$folder/daemon.json" --data-root "$folder/data" --exec-root /run/docker \
  --pidfile /run/docker.pid --dns "${address%.*}.1" -H "unix://$folder/docker.sock" --cgroup-parent "$cgroup" &
# It reaps what the engine leaves, as the first process must.
wait
