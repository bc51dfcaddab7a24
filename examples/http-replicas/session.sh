# Two clients at once: each writes at one server, and reads at another. Usage: session.sh N1 N2 N3
session() {
  for i in $(seq 1 12); do
    curl -sS -o /dev/null -H "X-Client: $1" -X PUT "http://$2/v1/items/17" -d "{\"data\":{\"value\":\"$1-$i\"}}"
    curl -sS -o /dev/null -H "X-Client: $1" "http://$3/v1/items/17"
  done
}
session a "$1" "$2" & session b "$2" "$3" & wait
