#!/usr/bin/env bash
# The same driver code under a real kernel's usbfs: a QEMU guest with a stock Debian kernel reads the card, prints
# the test page and takes a signature from our models, which come in through usb-redir. Not part of the test run.
#
#   tests/devices/qemu/run.sh BUILD [KERNEL-FOLDER]
#
# BUILD: a build folder with kdrv and vdev-redir (ninja -C BUILD kdrv vdev-redir; better one without sanitizers).
# KERNEL-FOLDER: an unpacked linux-image package (boot/, lib/modules/); without it the package is downloaded.
# Needs: qemu-system-x86 qemu-system-common libusbredirparser-dev busybox-static cpio udev. Uses KVM where it works
# (QEMU_ACCEL=kvm), else plain emulation: about half a minute.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
build=$(cd "${1:?build folder}" && pwd)
work=$(mktemp -d /tmp/pridvor-qemu.XXXXXX)
pids=()
cleanup() {
    for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap cleanup EXIT

kernel=${2:-}
if [ -z "$kernel" ]; then
    kernel=$work/kernel
    (cd "$work" && apt-get download "$(apt-cache depends linux-image-amd64 | grep -oE 'linux-image-[0-9][^ ]*amd64' | head -1)" >/dev/null &&
        dpkg -x linux-image-*.deb kernel)
fi
modules=$(echo "$kernel"/lib/modules/*)

# --- the guest: busybox, the USB modules, kdrv with what it links, its configuration ---
image=$work/image
mkdir -p "$image"/{bin,dev,proc,sys,tmp,run,etc,lib/modules,usr/share/pridvor,usr/share/fonts}
cp "$(command -v busybox)" "$image/bin/busybox"
for m in usb/common/usb-common usb/core/usbcore usb/host/xhci-hcd usb/host/xhci-pci usb/class/usblp; do
    cp "$modules/kernel/drivers/$m.ko" "$image/lib/modules/"
done
for m in hid/hid hid/usbhid/usbhid hid/hid-generic; do cp "$modules/kernel/drivers/$m.ko" "$image/lib/modules/"; done
cp "$build/drivers/kdrv" "$image/bin/kdrv"
udevadm=$(command -v udevadm || echo /bin/udevadm) # the daemon, too: without it libusb hears of no new device
mkdir -p "$image/usr/lib/udev/rules.d"
cp -L "$udevadm" "$image/bin/udevadm"
cp -L /lib/udev/rules.d/50-udev-default.rules "$root/packaging/udev/70-pridvor.rules" "$image/usr/lib/udev/rules.d/"
printf 'root:x:0:\npridvor:x:900:\n' >"$image/etc/group"
printf 'root:x:0:0::/:/bin/sh\n' >"$image/etc/passwd"
{ ldd "$build/drivers/kdrv"; ldd "$udevadm"; } | grep -oE '/[^ ]+' | sort -u | while read -r lib; do
    mkdir -p "$image$(dirname "$lib")"
    cp -L "$lib" "$image$lib"
done
cp -r "$root/configs/devices" "$image/usr/share/pridvor/devices"
mkdir -p "$image/etc/fonts" "$image/usr/share/fonts/truetype"
cp -rL /etc/fonts/. "$image/etc/fonts/" 2>/dev/null || true
for f in dejavu inter; do cp -rL "/usr/share/fonts/truetype/$f" "$image/usr/share/fonts/truetype/" 2>/dev/null || true; done
[ ! -d /usr/share/fonts/opentype/inter ] || cp -rL /usr/share/fonts/opentype/inter "$image/usr/share/fonts/"
cp "$here/init" "$image/init"
chmod +x "$image/init"
(cd "$image" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs.gz"

# --- the machine: a USB 3 controller, a hub that can switch its ports, three redirected devices ---
accel=${QEMU_ACCEL:-tcg}
names=(reader printer pad)
args=(-device qemu-xhci,id=xhci -device usb-hub,bus=xhci.0,port=1,port-power=on)
for i in 0 1 2; do
    n=${names[$i]}
    args+=(-chardev "socket,id=$n,path=$work/$n.sock,server=on,wait=off"
        -device "usb-redir,chardev=$n,bus=xhci.0,port=1.$((i + 1))")
done
began=$(date +%s)
qemu-system-x86_64 -accel "$accel" -machine q35 -cpu Nehalem -smp 1 -m 512 -nodefaults -no-reboot -display none \
    -kernel "$(echo "$kernel"/boot/vmlinuz*)" -initrd "$work/initramfs.gz" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check" \
    -chardev "stdio,id=tty,signal=off" -serial chardev:tty "${args[@]}" </dev/null >"$work/console" 2>"$work/qemu.err" &
qemu=$!
pids+=("$qemu")
for n in "${names[@]}"; do
    extra=()
    [ "$n" = reader ] && extra=(--card A)
    VDEV_REDIR=$work/$n.sock "$build/tests/vdev-redir" "$n" --dir "$work/$n" "${extra[@]}" 2>"$work/$n.err" &
    pids+=("$!")
done

# --- what the host does meanwhile: a hand that signs, a reader that breaks ---
say() {
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode() + b"\n")
s.recv(4096)' "$work/$1/ctl.sock" "$2" || echo "run.sh: $1 does not take: $2"
}
seen=0
while kill -0 "$qemu" 2>/dev/null && [ $(($(date +%s) - began)) -lt "${LIMIT:-240}" ]; do
    while read -r line; do
        seen=$((seen + 1))
        case $line in
        *PLEASE\ SIGN*) say pad sign ;;
        *PLEASE\ BREAK*) say reader "hardware on" ;;
        *PLEASE\ MEND*) say reader "hardware off" ;;
        *PLEASE\ UNPLUG*) say reader unplug; sleep 1; say reader plug ;;
        esac
    done < <(tail -n +$((seen + 1)) "$work/console" | tr -d '\r')
    sleep 0.2
done
tr -d '\r' <"$work/console"
echo "--- $(($(date +%s) - began)) s on $accel"
if tr -d '\r' <"$work/console" | grep -q '^QEMU ALL WELL$'; then
    echo "the drivers read their devices through a real kernel"
else
    cat "$work"/*.err >&2
    exit 1
fi
