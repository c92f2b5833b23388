#!/bin/sh
# Makes one bare repository per folder of /seed (once), then serves them. Pushing is allowed: it is a development server.
set -eu
mkdir -p /srv/git /srv/www
git config --global --add safe.directory '*'
for folder in /seed/*/; do
  name=$(basename "$folder")
  bare=/srv/git/$name.git
  [ -d "$bare" ] && continue
  work=$(mktemp -d)
  cp -r "$folder" "$work/$name"
  git -C "$work" init --quiet --initial-branch main
  git -C "$work" -c core.autocrlf=false add --all
  git -C "$work" -c user.name=tiphys -c user.email=tiphys@localhost commit --quiet --message "Add the $name example"
  git clone --quiet --bare "$work" "$bare"
  git -C "$bare" config http.receivepack true
  rm -rf "$work"
done
exec lighttpd -D -f /etc/lighttpd/lighttpd.conf
