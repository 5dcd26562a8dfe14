# Runs when all packages are installed and our files are in place; $1 is the new root. Takes away
# what must differ between machines, and sets up what our files alone cannot.
set -e
chroot "$1" useradd --create-home --shell /bin/bash --groups sudo vivarium
rm -f "$1"/etc/ssh/ssh_host_* "$1"/var/lib/systemd/random-seed "$1"/vmlinuz.old "$1"/initrd.img.old
# Empty, not absent: systemd makes a new one, but does not take the start for the very first.
: > "$1/etc/machine-id"
chmod 0440 "$1/etc/sudoers.d/vivarium"
chmod 0755 "$1/usr/lib/vivarium/seed"
system=$1/etc/systemd/system
mkdir -p "$system/sysinit.target.wants" "$system/multi-user.target.wants"
ln -sf ../vivarium-seed.service "$system/sysinit.target.wants/vivarium-seed.service"
ln -sf /lib/systemd/system/systemd-networkd.service "$system/multi-user.target.wants/"
# Looks for LVM snapshots at each start, of which a machine with one plain disk has none.
ln -sf /dev/null "$system/e2scrub_reap.service"
