#!/usr/bin/env bash
# The step of action.yml. CHAOS_COMMAND is split as a shell splits it, quotes included, and nothing in it is expanded or run.
set -uo pipefail

# With an unbalanced quote xargs prints the words before it and fails: the rest, perhaps the gate, would be lost.
split=$(mktemp) || exit 4
trap 'rm -f "$split"' EXIT
if ! xargs printf '%s\0' <<<"$CHAOS_COMMAND" >"$split"; then
  echo 'chaos: the command cannot be split into words; close every quote, and write a quote within a word as "it'"'"'s".' >&2
  echo "exit-code=3" >>"${GITHUB_OUTPUT:-/dev/null}"
  exit 3
fi
words=()
while IFS= read -r -d '' word; do words+=("$word"); done <"$split"

case "${words[0]:-}" in
  run | record | check | fuzz) words=("${words[0]}" --reporter default --reporter junit=junit.xml "${words[@]:1}") ;;
esac

npx --no-install chaos "${words[@]}"
code=$?
echo "exit-code=$code" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
