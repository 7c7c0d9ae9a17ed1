#!/bin/sh
# Makes the tree of a small system in memory, in a mount namespace of its own, and writes it as a tar file.
# usage: base_system.sh ROOT TAR DEBOOTSTRAP COMPONENTS PACKAGES SUITE MIRROR
set -eu
root=$1 tar=$2 debootstrap=$3 components=$4 packages=$5 suite=$6 mirror=$7

mount -t tmpfs -o mode=755 tmpfs "$root"
"$debootstrap" --variant=minbase --components="$components" --include="$packages" "$suite" "$root" "$mirror"
cd "$root"
rm -rf var/cache/apt/archives/*.deb var/cache/apt/*.bin var/lib/apt/lists/* usr/share/doc/*
: > etc/resolv.conf
: > etc/machine-id
tar --numeric-owner --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -cf "$tar" .
