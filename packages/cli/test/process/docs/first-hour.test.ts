import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'

const page = readFileSync(join(root, 'packages', 'cli', 'docs', 'first-hour.md'), 'utf8')

function only(pattern: RegExp): string {
  const [, found] = pattern.exec(page) ?? []
  if (found === undefined) throw new Error(`first-hour.md has nothing that matches ${pattern}`)
  return found
}

const fileOf = (name: string): string => only(new RegExp(`\`${name}\`:\\n\\n\`\`\`\\w+\\n(.*?)\`\`\``, 's'))

/** The commands that the page shows with their output. */
const shown = [...page.matchAll(/```console\n\$ npx chaos (.*)\n([\s\S]*?)```/g)].map(
  ([, typed = '', output = '']) => ({
    typed,
    output,
  }),
)

/** Applies each hunk of the page's diff to the text. */
const fixed = (text: string): string =>
  only(/```diff\n(.*?)```/s)
    .split('@@\n')
    .reduce((before, hunk) => {
      const side = (sign: string) =>
        hunk
          .split('\n')
          .filter((line) => line.startsWith(' ') || line.startsWith(sign))
          .map((line) => `${line.slice(1)}\n`)
          .join('')
      expect(before).toContain(side('-'))
      return before.replace(side('-'), () => side('+'))
    }, text)

/** Replaces numbers and paths, which differ between machines. */
const anywhere = (output: string): string =>
  output.replaceAll(/this directory .*/g, 'this directory DIRECTORY').replaceAll(/\d[\d.,]*/g, '#')

/** Texts that every run prints, regardless of when its faults begin. */
const ALWAYS: { readonly [exitCode: number]: readonly RegExp[] } = {
  0: [/^ {2}LINEARIZABLE .* checked # operations in # m?s$/m, /^ {2}linearizable +✔ met$/m],
  1: [
    /^ {2}NOT LINEARIZABLE .* checked # operations in # m?s$/m,
    /^ {2}(?:likely )?why: /m,
    /n# was killed at # s (?:(?:, # s )*and\s+#\s+s\s+)?and\s+came\s+back\s+(?:without|#\s+m?s\s+before)/,
  ],
}

test('the commands of "your service in 15 minutes" print the shown output, and the shown fix passes', async () => {
  const cwd = temporaryDirectory()
  symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'))
  writeFileSync(join(cwd, 'package.json'), fileOf('package.json'))
  const service = fileOf('server.js')
  writeFileSync(join(cwd, 'server.js'), service)
  const [init, doctor, broken, mended] = shown
  expect(shown.map(({ typed }) => typed)).toEqual(['init', 'doctor', 'run smoke', 'run smoke'])
  for (const each of [init!, doctor!]) {
    const { exitCode, stdout } = await chaos([each.typed], { cwd })
    expect([exitCode, anywhere(stdout)]).toEqual([0, anywhere(each.output)])
  }
  const ran = ({ typed }: (typeof shown)[number], seed: number) =>
    chaos([...typed.split(' '), '--timeout', '2s', '--seed', `${seed}`], { cwd })
  const runs = async (command: (typeof shown)[number], wanted: number) => {
    const { output } = command
    let last = await ran(command, 1)
    // On a very busy machine, a killed node may restart before any request reaches it. Another seed then shows the bug.
    for (let seed = 2; seed <= 3 && wanted === 1 && last.exitCode === 0; seed++) last = await ran(command, seed)
    const { exitCode, stdout, stderr } = last
    expect(exitCode, stdout + stderr).toBe(wanted)
    const end = new RegExp(`^  expected linearizable, found [\\w -]+ exit code ${wanted}$`, 'm')
    for (const text of ALWAYS[wanted]!) {
      expect(anywhere(stdout)).toMatch(text)
      expect(anywhere(output)).toMatch(text)
    }
    for (const text of [stdout, output]) expect(text).toMatch(end)
  }
  await runs(broken!, 1)
  writeFileSync(join(cwd, 'server.js'), fixed(service))
  await runs(mended!, 0)
})

test('the CI workflow of "your service in 15 minutes" calls chaos run with the configuration "smoke" and a seed', () => {
  expect(only(/command: (.*)/)).toMatch(/^run smoke --seed \d+$/)
})
