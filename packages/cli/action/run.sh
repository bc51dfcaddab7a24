#!/usr/bin/env bash
# The step of action.yml. CHAOS_COMMAND is split as a shell splits it, quotes included, and nothing in it is expanded or run.
set -uo pipefail

words=()
while IFS= read -r -d '' word; do words+=("$word"); done < <(xargs printf '%s\0' <<<"$CHAOS_COMMAND")

case "${words[0]:-}" in
  run | record | check | fuzz) words=("${words[0]}" --reporter default --reporter junit=junit.xml "${words[@]:1}") ;;
esac

npx --no-install chaos "${words[@]}"
code=$?
echo "exit-code=$code" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
