#!/usr/bin/env bash
# Install the Debian packages that the tests talk to; with arguments, just those packages.
set -euo pipefail
packages=("$@")
[ $# -gt 0 ] || packages=(dcmtk orthanc orthanc-dicomweb odil libpixelmed-java dicom3tools chromium-headless-shell postgresql fonts-noto-core ffmpeg)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Installing ${missing[*]} needs root or sudo." >&2; exit 1; }
  as_root=(sudo)
fi
# Installing a server must not start it: the tests start their own on free ports.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  made_policy=1
fi
trap '[ -z "$made_policy" ] || "${as_root[@]}" rm -f "$policy"' EXIT
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
# Where a Debian has no such package yet, the whole browser does as well, only slower.
for position in "${!missing[@]}"; do
  [ "${missing[$position]}" != chromium-headless-shell ] || apt-cache show chromium-headless-shell >/dev/null 2>&1 || missing[position]=chromium
done
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
