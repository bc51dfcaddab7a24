#!/bin/sh
# An echo by sed. Wrong: it drops the text.
while read -r line; do
  src=$(printf '%s' "$line" | sed 's/.*"src":"\([^"]*\)".*/\1/')
  dest=$(printf '%s' "$line" | sed 's/.*"dest":"\([^"]*\)".*/\1/')
  id=$(printf '%s' "$line" | sed 's/.*"msg_id":\([0-9]*\).*/\1/')
  text=$(printf '%s' "$line" | sed -n 's/.*"echo":"\([^"]*\)".*/\1/p')
  echo "got $line" >&2
  case $line in
    *'"type":"init"'*) body='"type":"init_ok"' ;;
    *) if [ "$1" = wrong ]; then text=; fi; body='"type":"echo_ok","echo":"'$text'"' ;;
  esac
  printf '{"src":"%s","dest":"%s","body":{%s,"in_reply_to":%s}}\n' "$dest" "$src" "$body" "$id"
done
