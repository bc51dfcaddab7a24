import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { type Misbehaving, misbehaving } from '../../run/misbehaving.ts'

// With CHAOS_SOAK=short, each protocol runs under only one of the three commands.
const short = process.env['CHAOS_SOAK'] === 'short'
const WITHIN_MS = 30_000

const commands = {
  fuzz: ['fuzz', '--seeds', '4', '--workers', '1', '--shrink', '1s'],
  'run --sim': ['run', '--sim', '--time', '2s', '--rate', '200', '--faults', 'none'],
  run: ['run', '--time', '2s', '--rate', '200', '--faults', 'none'],
} as const

async function expectReport(args: readonly string[], { source, says, unusable }: Misbehaving): Promise<void> {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'mine.mjs'), source)
  const began = performance.now()
  const { exitCode, stdout, stderr } = await chaos([...args, '--protocol', 'mine.mjs', '--out', 'out'], { cwd })
  const text = `${stdout}${stderr}`.replaceAll(/\s*\n\s*/g, ' ')
  expect(text).toMatch(says)
  expect(text).not.toContain('bug in chaos')
  expect(exitCode).toBe(unusable ? 3 : 4)
  expect(performance.now() - began).toBeLessThan(WITHIN_MS)
}

const ways = Object.entries(commands).map(([command, args], way) => [command, args, way] as const)

describe.each(ways)('a protocol that misbehaves under the command chaos %s', (command, args, way) => {
  const cases = misbehaving
    .filter((_, i) => !short || i % ways.length === way)
    .filter(({ simulatedOnly }) => command !== 'run' || !simulatedOnly)
  test.each(cases.map((one) => [one.name, one] as const))('a protocol that %s is reported within 30 s', (_, one) =>
    expectReport(args, one),
  )
})
