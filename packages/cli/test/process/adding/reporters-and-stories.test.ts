import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { extended } from '../../adding/extended.ts'

const history = (name: string) => join(root, 'histories', `${name}.jsonl`)
const sim = ['run', '--sim', '--seed', '1', '--time', '1s', '--rate', '200', '--faults', 'none']

test('a user-defined reporter is in the help and in the list, and is suggested for a misspelt name', async () => {
  expect((await extended(['run', '--help', '--all'])).stdout).toContain('shout')
  expect((await extended(['reporters'])).stdout).toMatch(/shout +the verdict in capital letters/)
  const { stderr, exitCode } = await extended(['check', history('stale-read'), '--reporter', 'shuot'])
  expect(stderr).toContain('Did you mean shout?')
  expect(exitCode).toBe(3)
})

test('a user-defined reporter reports a run and a checked file', async () => {
  const out = temporaryDirectory()
  const { stdout, stderr, exitCode } = await extended([...sim, '--out', out, '--reporter', 'shout'])
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'LINEARIZABLE!\n', stderr: '', exitCode: 0 })
  const file = join(out, 'said.txt')
  const checked = await extended(['check', history('stale-read'), '--json', '--reporter', `shout=${file}`])
  expect(JSON.parse(checked.stdout).levels.linearizable.result).toBe('violated')
  expect(readFileSync(file, 'utf8')).toBe('NOT LINEARIZABLE!\n')
})

test('a reporter that throws causes exit code 3 and one line on stderr, but leaves exit code 1 unchanged', async () => {
  const check = (...args: readonly string[]) =>
    extended(['check', history('stale-read'), '--reporter', 'grumpy', ...args])
  const met = await check()
  expect(met.stderr).toMatch(
    /^--reporter grumpy: it threw: I would rather not\. The verdict stands \(.*stale-read\.jsonl: .+ \(not linearizable\)\).*--reporter default\.\n$/,
  )
  expect(met.exitCode).toBe(3)
  const { stderr } = await extended(['check', history('stale-read'), '--reporter', 'numeric'])
  expect(stderr).toContain('--reporter numeric: it threw: it returned number, not a string. The verdict stands')
  const violated = await check('--expect', 'linearizable', '--reporter', `shout=${join(temporaryDirectory(), 's')}`)
  expect(violated.exitCode).toBe(1)
})

test('a user-defined scenario is listed, can be played, and is suggested for a misspelt name', async () => {
  expect((await extended(['scenario'])).stdout).toMatch(/retold +the shortest, once more/)
  const { exitCode, stdout } = await extended(['scenario', 'retold'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('Nobody sat on anybody.')
  expect((await extended(['scenario', 'retolt'])).stderr).toContain('Did you mean retold?')
})
