import { expect, test, vi } from 'vitest'
import type { Story } from '../../../scenarios/src/story.ts'
import { flag } from '../../src/arguments/declare.ts'
import type { Command } from '../../src/command.ts'
import { chaosHere } from '../chaos.ts'

/** All that a new command takes: its file, and one line in one list. */
vi.mock('../../src/commands/registry.ts', async (original) => {
  const { registry } = await original<{ registry: { readonly [name: string]: () => Promise<Command> } }>()
  const greet: Command = {
    name: 'greet',
    positional: '[who]',
    summary: 'say hello to whoever is named',
    options: { loud: flag('in capital letters') },
    examples: [['chaos greet world', 'the usual beginning']],
    async run({ who, loud }) {
      const text = `hello ${String(who)}`
      process.stdout.write(`${loud === true ? text.toUpperCase() : text}\n`)
      return 0
    },
  }
  return { registry: { ...registry, greet: async () => greet } }
})

/** All that a new story takes likewise. */
vi.mock('../../../scenarios/src/registry.ts', async (original) => {
  const { stories } = await original<{ stories: readonly [Story, ...Story[]] }>()
  const all = [...stories, { ...stories[0], name: 'retold', summary: 'the first, once more' }]
  return { stories: all, findStory: (name: string) => all.find((story) => story.name === name) }
})

test('a command in the registry is run, and is in the help, in the completion and in the remedy for a typo', async () => {
  expect(await chaosHere(['greet', 'world', '--loud'])).toEqual({ exitCode: 0, stdout: 'HELLO WORLD\n', stderr: '' })
  expect((await chaosHere(['--help'])).stdout).toMatch(/chaos greet \[who\] +say hello to whoever is named/)
  expect((await chaosHere(['greet', '--help'])).stdout).toContain('the usual beginning')
  expect((await chaosHere(['completion', 'bash'])).stdout).toMatch(/greet\).*--loud/)
  expect((await chaosHere(['great', 'world'])).stderr).toContain('Did you mean chaos greet?')
})

test('a story in the registry is listed and told', async () => {
  expect((await chaosHere(['scenario'])).stdout).toMatch(/retold +the first, once more/)
  const { exitCode, stdout } = await chaosHere(['scenario', 'retold'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('retold')
})
