import { EXIT } from '@chaosproxy/engine/run'
import { didYouMean, usageError } from '@chaosproxy/history'
import { type Command, type LoadAll, textOf } from '../command.ts'
import { completionScripts } from '../completion/scripts.ts'
import { printAsIs } from '../terminal/output.ts'

const shells = Object.keys(completionScripts)

export const completionCommand = (all: LoadAll): Command => ({
  name: 'completion',
  positional: '[shell]',
  summary: 'print the completion script for your shell: bash, zsh or fish',
  options: {},
  examples: [
    ['chaos completion bash >> ~/.bashrc', 'for bash'],
    ['chaos completion zsh >> ~/.zshrc', 'for zsh'],
    ['chaos completion fish > ~/.config/fish/completions/chaos.fish', 'for fish'],
  ],
  async run(options) {
    const shell = textOf(options, 'shell') ?? shellOf(process.env['SHELL'])
    const script = completionScripts[shell]
    if (script === undefined)
      throw usageError(
        `There is no completion for "${shell}".${didYouMean(shell, shells)} Known: ${shells.join(', ')}.`,
      )
    printAsIs(script(await all()))
    return EXIT.met
  },
})

const shellOf = (path = ''): string => {
  const name = path.split('/').at(-1) ?? ''
  return shells.includes(name) ? name : 'bash'
}
