import type { Command } from '../command.ts'

/** What completes the command line, by shell. The scripts hold every word themselves, so that Tab starts no process. */
export const completionScripts: {
  readonly [shell: string]: (commands: readonly Command[]) => string
} = { bash, zsh, fish }

const optionsOf = ({ options }: Command): readonly string[] => [
  ...Object.keys(options).map((name) => `--${name}`),
  '--help',
]

const wordsOf = (command: Command): readonly string[] => [...(command.words ?? []), ...optionsOf(command)]

function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => `    ${command.name}) words="${wordsOf(command).join(' ')}" ;;`)
  return `# Completion of chaos in bash.
_chaos() {
  local current="\${COMP_WORDS[COMP_CWORD]}" at=1 words
  [[ "\${COMP_WORDS[0]##*/}" == npx ]] && at=2
  if ((COMP_CWORD < at)); then return; fi
  if ((COMP_CWORD == at)); then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[at]}" in
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _chaos chaos
`
}

function zsh(commands: readonly Command[]): string {
  return `# Completion of chaos in zsh.
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
autoload -Uz bashcompinit && bashcompinit
${bash(commands).replace('# Completion of chaos in bash.\n', '')}`
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const within = `__fish_seen_subcommand_from ${command.name}`
    return [
      `complete -c chaos -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.summary)}`,
      ...(command.words ?? []).map((word) => `complete -c chaos -n '${within}' -f -a ${word}`),
      ...Object.entries(command.options).map(
        ([name, { describe = '', requiresArg }]) =>
          `complete -c chaos -n '${within}' -l ${name}${requiresArg === true ? ' -r' : ''} -d ${quoted(String(describe))}`,
      ),
    ]
  })
  return `# Completion of chaos in fish.\n${lines.join('\n')}\n`
}

/** As fish reads it: between single quotes only a quote and a backslash are special. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
