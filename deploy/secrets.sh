#!/bin/sh
# Make the secrets that compose.yaml and the units read, once: sh deploy/secrets.sh FOLDER. Nothing is replaced.
# The folder is closed to all but its owner (0700); the files in it are 0444, for each container reads them as its own user.
set -eu
folder=${1:?which folder? for example: sh deploy/secrets.sh deploy/secrets}
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
for name in backbone-password influxdb-password influxdb-token grafana-password; do
  if [ ! -s "$folder/$name" ]; then random >"$folder/$name"; fi
done
if [ ! -s "$folder/users.conf" ]; then
  printf 'accounts { FENGSUI { jetstream: enabled, users: [ { user: "service", password: "%s" } ] } }\n' \
    "$(cat "$folder/backbone-password")" >"$folder/users.conf"
fi
if [ ! -s "$folder/grafana-store-authorization" ]; then
  printf 'Token %s' "$(cat "$folder/influxdb-token")" >"$folder/grafana-store-authorization"
fi
chmod 0444 "$folder"/*
echo "secrets are in $folder: keep them out of version control and out of the site's folder"
