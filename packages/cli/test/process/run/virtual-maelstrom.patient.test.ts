import { join } from 'node:path'
import { expect } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const programs = join(root, 'packages', 'targets', 'test', 'stdio', 'maelstrom', 'programs')

const strangers = join(programs, '..', 'strangers')

const maelstrom = (command: string, program: string, workload: string, more: readonly string[]) =>
  chaos([command, '--target', 'maelstrom', '--bin', program, '-w', workload, ...more], { cwd: programs })

patientTest('chaos fuzz finds a wrong kafka program of Maelstrom, and chaos replay repeats the failure', async () => {
  const limits = ['--seeds', '1', '--workers', '1', '--shrink', '1s', '--out', temporaryDirectory(), '--json']
  const search = await maelstrom('fuzz', 'node ./kafka.mjs wrong', 'kafka', limits)
  expect(search.exitCode, search.stdout + search.stderr).toBe(1)
  const [{ sentence, replay }] = JSON.parse(search.stdout).failures
  expect(sentence).toMatch(/Offset \d+ of \w+ holds \d+.*, and \d+/)
  const again = await chaos(['replay', replay, '--binary', 'maelstrom:kafka:node ./kafka.mjs wrong'], { cwd: programs })
  expect(again.stdout.replace(/\s+/g, ' ')).toContain(sentence)
  expect(again.exitCode).toBe(1)
})

patientTest('chaos fuzz finds nothing in a correct kafka program of Maelstrom, and polls every message', async () => {
  const search = await maelstrom('fuzz', 'node ./kafka.mjs', 'kafka', ['--seeds', '3', '--workers', '1', '--json'])
  expect(search.exitCode, search.stdout + search.stderr).toBe(0)
  expect(JSON.parse(search.stdout)).toMatchObject({ found: false, trials: 3, vacuous: [] })
})

patientTest('chaos fuzz polls after the heal, and so finds a kafka program whose messages never appear', async () => {
  const limits = ['--seeds', '3', '--workers', '1', '--shrink', '0s', '--out', temporaryDirectory(), '--json']
  const search = await maelstrom('fuzz', 'node ./kafka.mjs silent', 'kafka', limits)
  expect(search.exitCode, search.stdout + search.stderr).toBe(1)
  const [{ sentence }] = JSON.parse(search.stdout).failures
  expect(sentence).toContain('but after everything was healed')
})

patientTest(
  'chaos fuzz finds a kafka program that loses messages in a kill, and chaos replay repeats the failure',
  async () => {
    const options = ['--faults', 'kill,partition', '--seeds', '3', '--workers', '1', '--shrink', '0s', '--json']
    const program = ['--target', 'maelstrom', '--bin', './single-log.cjs', '-w', 'kafka']
    const search = await chaos(['fuzz', ...program, ...options, '--out', temporaryDirectory()], { cwd: strangers })
    expect(search.exitCode, search.stdout + search.stderr).toBe(1)
    const [{ replay }] = JSON.parse(search.stdout).failures
    expect(replay).toContain('not-faithful')
    const again = await chaos(['replay', replay, '--binary', 'maelstrom:kafka:./single-log.cjs'], { cwd: strangers })
    expect(again.exitCode, again.stdout + again.stderr).toBe(1)
  },
)

patientTest('a simulated run of a Maelstrom program with timers is repeatable', async () => {
  const options = ['--sim', '--verify-determinism', '--time-limit', '2', '--rate', '20', '--seed', '1']
  const run = await maelstrom('run', 'node ./g-set.mjs', 'g-set', [...options, '--out', temporaryDirectory(), '--json'])
  expect(run.exitCode, run.stdout + run.stderr).toBe(0)
  expect(JSON.parse(run.stdout).levels.convergent.result).toBe('met')
})

patientTest('a simulated run passes the neighbours of --topology to the nodes of broadcast', async () => {
  const options = ['--sim', '--time-limit', '1', '--topology', 'total', '--latency', '5', '--out', temporaryDirectory()]
  const { exitCode, stdout, stderr } = await maelstrom('run', 'node ./bad.mjs', 'broadcast', options)
  expect((stdout + stderr).replace(/\s+/g, ' ')).toMatch(
    /n[1-5]: the program answers topology with an error.*at most two/,
  )
  expect(exitCode).toBe(4)
})

test('a simulated run refuses a Maelstrom program whose timers it cannot control', async () => {
  const { exitCode, stderr } = await maelstrom('fuzz', 'python3 ./leader.py', 'kafka', [])
  expect(stderr.replace(/\s+/g, ' ')).toContain('only Node programs, such as node ./program.js, run in virtual time')
  expect(exitCode).toBe(3)
})
