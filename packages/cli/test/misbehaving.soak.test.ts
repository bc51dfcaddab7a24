import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from './chaos.ts'
import { type Misbehaving, misbehaving } from './misbehaving.ts'

const WITHIN_MS = 30_000

const commands = {
  fuzz: ['fuzz', '--seeds', '4', '--workers', '1', '--shrink', '1s'],
  'run --sim': ['run', '--sim', '--time', '2s', '--rate', '200', '--faults', 'none'],
  run: ['run', '--time', '2s', '--rate', '200', '--faults', 'none'],
} as const

async function told(args: readonly string[], { source, says, unusable }: Misbehaving): Promise<void> {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'mine.mjs'), source)
  const began = performance.now()
  const { exitCode, stdout, stderr } = await chaos([...args, '--protocol', 'mine.mjs', '--out', 'out'], { cwd })
  const text = `${stdout}${stderr}`.replaceAll(/\s*\n\s*/g, ' ')
  expect(text).toMatch(says)
  expect(text).not.toContain('mistake in chaos itself')
  expect(exitCode).toBe(unusable ? 3 : 4)
  expect(performance.now() - began).toBeLessThan(WITHIN_MS)
}

describe.each(Object.entries(commands))('chaos %s tells within 30 s of a protocol that', (command, args) => {
  const cases = misbehaving.filter(({ simulatedOnly }) => command !== 'run' || !simulatedOnly)
  test.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => told(args, one))
})
