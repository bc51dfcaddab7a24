import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../chaos.ts'

const history = (name: string) => join(root, 'histories', `${name}.jsonl`)
const sim = ['run', '--sim', '--seed', '1', '--time', '1s', '--rate', '200', '--faults', 'none']

test('a reporter added to the registry is in the help and in the list, and is suggested for a misspelt name', async () => {
  expect((await chaosHere(['run', '--help', '--all'])).stdout).toContain('shout')
  expect((await chaosHere(['reporters'])).stdout).toMatch(/shout +the verdict in capital letters/)
  expect(JSON.parse((await chaosHere(['reporters', '--json'])).stdout)).toContainEqual({
    reporter: 'shout',
    summary: 'the verdict in capital letters',
  })
  const { stderr, exitCode } = await chaosHere(['check', history('stale-read'), '--reporter', 'shuot'])
  expect(stderr).toContain('Did you mean shout?')
  expect(exitCode).toBe(3)
})

test('a reporter added to the registry reports a run and a checked file', async () => {
  const out = temporaryDirectory()
  const { stdout, stderr, exitCode } = await chaosHere([...sim, '--out', out, '--reporter', 'shout'])
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'LINEARIZABLE!\n', stderr: '', exitCode: 0 })
  const file = join(out, 'said.txt')
  const checked = await chaosHere(['check', history('stale-read'), '--json', '--reporter', `shout=${file}`])
  expect(JSON.parse(checked.stdout).levels.linearizable.result).toBe('violated')
  expect(readFileSync(file, 'utf8')).toBe('NOT LINEARIZABLE!\n')
})

test('a reporter that throws causes one line of error, and exit code 3 only if nothing else is wrong', async () => {
  const check = (...args: readonly string[]) =>
    chaosHere(['check', history('stale-read'), '--reporter', 'grumpy', ...args])
  const met = await check()
  expect(met.stderr).toMatch(
    /^--reporter grumpy: it threw: I would rather not\. The verdict stands \(.*stale-read\.jsonl: .+ \(not linearizable\)\).*--reporter default\.\n$/,
  )
  expect(met.exitCode).toBe(3)
  const violated = await check('--expect', 'linearizable', '--reporter', `shout=${join(temporaryDirectory(), 's')}`)
  expect(violated.exitCode).toBe(1)
})
