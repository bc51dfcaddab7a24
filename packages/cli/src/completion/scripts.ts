import { namesOf } from '../arguments/names.ts'
import type { Command } from '../command.ts'
import { describedBy } from '../option.ts'

/** The completion script of each shell. It contains every word, so that Tab starts no process. */
export const completionScripts: {
  readonly [shell: string]: (commands: readonly Command[]) => string
} = { bash, zsh, fish }

function bash(commands: readonly Command[]): string {
  return `# Completion of chaos in bash.
${bashFunction(commands)}complete -o default -F _chaos chaos
# What completes npx already keeps it.
complete -p npx &>/dev/null || complete -o default -F _chaos npx
`
}

function bashFunction(commands: readonly Command[]): string {
  const cases = commands.map(
    (command) =>
      `    ${command.name}) words="${[
        ...(command.actions ?? []).map(({ names: [name] }) => name),
        ...Object.keys(command.options).map((name) => `--${name}`),
        '--help',
      ].join(' ')}" ;;`,
  )
  return `_chaos() {
  local current="\${COMP_WORDS[COMP_CWORD]}" at=1 words
  if [[ "\${COMP_WORDS[0]##*/}" == npx ]]; then
    if [[ "\${COMP_WORDS[1]}" != chaos ]]; then return; fi
    at=2
  fi
  if ((COMP_CWORD < at)); then return; fi
  if ((COMP_CWORD == at)); then
    COMPREPLY=($(compgen -W "${namesOf(commands).join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[at]}" in
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
`
}

function zsh(commands: readonly Command[]): string {
  return `# Completion of chaos in zsh.
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
autoload -Uz bashcompinit && bashcompinit
${bashFunction(commands)}complete -o default -F _chaos chaos
# What completes npx already keeps it.
(( $+_comps[npx] )) || complete -o default -F _chaos npx
`
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const within = `__chaos_within ${command.name}`
    return [
      `complete -c $program -n __chaos_within -f -a ${command.name} -d ${quoted(command.summary)}`,
      ...(command.actions ?? []).map(
        ({ names: [name], summary }) => `complete -c $program -n '${within}' -f -a ${name} -d ${quoted(summary)}`,
      ),
      ...Object.entries(command.options).map(
        ([name, { describe, requiresArg }]) =>
          `complete -c $program -n '${within}' -l ${name}${requiresArg === true ? ' -r' : ''} -d ${quoted(describedBy(describe))}`,
      ),
    ]
  })
  return `# Completion of chaos in fish.
# Whether a command of chaos is being typed, or an argument of the one that is named.
function __chaos_within
    set -l words (commandline -opc | string replace -r '.*/' '')
    test "$words[1]" = npx; and set -e words[1]
    test "$words[1]" = chaos; and test "$words[2]" = "$argv[1]"
end
for program in chaos npx
${lines.map((line) => `    ${line}`).join('\n')}
end
`
}

/** Quotes a text for fish, where only a quote and a backslash are special between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
