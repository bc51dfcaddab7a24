import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, root, temporaryDirectory } from './chaos.ts'

// Every command of the README is run, as typed. Those that begin with npm are the installation and this very test.
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) =>
  block!
    .trim()
    .split('\n')
    .flatMap((line) => line.split(' && ')),
)
const commands = blocks.flat()

const expectedExitCodes: { readonly [command: string]: number } = {
  'npx chaos run --target primary-replica --time 5s --expect linearizable': 1,
  'npx chaos run --bug ack-before-majority --time 10s --expect linearizable': 1,
  'npx chaos fuzz --bug stale-read --seeds 400': 1,
  'npx chaos fuzz --protocol examples/mine.ts --seeds 100': 1,
}

/** What a page is to say, beside being one. */
const expectedTexts: { readonly [command: string]: readonly RegExp[] } = {
  'npx chaos run': [/^ {2}LINEARIZABLE/m],
  'npx chaos run --target primary-replica --time 5s --expect linearizable': [
    /^ {2}NOT LINEARIZABLE/m,
    /Process \d+ read .* from n\d/,
  ],
}

/** As a shell splits it: quotes keep a glob for us to expand. */
const words = (command: string): string[] => command.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'))

describe('the README', () => {
  test('shows just the npm commands that a clone knows', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(commands.filter((command) => command.startsWith('npm '))).toEqual(['npm ci', 'npm test'])
    for (const [, name] of readme.matchAll(/`npm run ([a-z:]+)`/g)) expect(Object.keys(scripts)).toContain(name)
  })

  // Commands of one block follow one another in one directory.
  test.each(
    blocks.map((block) => block.filter((command) => !command.startsWith('npm '))).filter(({ length }) => length > 0),
  )('%s', async (...block) => {
    const cwd = temporaryDirectory()
    for (const directory of ['histories', 'examples']) symlinkSync(join(root, directory), join(cwd, directory))
    for (const command of block) {
      expect(command).toMatch(/^npx chaos /)
      const { exitCode, stdout, stderr } = await chaos(words(command).slice(2), { cwd })
      // A mistake is caught in nine runs of ten; two in a row that miss it are for the tests of mistakes to explain.
      const expected = [expectedExitCodes[command] ?? 0, command.includes('--bug') ? 0 : undefined]
      expect(expected, `${command}\n${stderr}`).toContain(exitCode)
      for (const text of [/\S/, ...(expectedTexts[command] ?? [])]) expect(stdout, stderr).toMatch(text)
    }
  })
})
