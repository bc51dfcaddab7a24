import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

/** A protocol with one copy, on a single node. At its third write it executes the given body. */
function protocolThat(goesWrong: string): string {
  const file = join(temporaryDirectory(), 'mine.mjs')
  writeFileSync(
    file,
    `let calls = 0
const step = (state, event, now) => {
  const effects = []
  if (event.type === 'request') {
    const { requestId, input } = event
    if (input.f === 'write') state.writes++
    if (state.writes === 3) { ${goesWrong} }
    effects.push({ type: 'reply', requestId, result: { type: 'ok', value: null } })
  }
  if (event.type === 'timer') effects.push({ type: 'setTimer', timer: event.timer, afterMs: 0 })
  return { state, effects }
}
export default {
  name: 'mine',
  promises: 'linearizable',
  create: () => ({ start: () => ({ state: { writes: 0 }, effects: [] }), step, status: () => ({ role: 'alone', leads: true }) }),
}
`,
  )
  return file
}

const failureOf = async (goesWrong: string) => {
  const out = temporaryDirectory()
  const { exitCode, stdout, stderr } = await chaos([
    'fuzz',
    '--protocol',
    protocolThat(goesWrong),
    '--seeds',
    '2',
    '--shrink',
    '500ms',
    '--workers',
    '1',
    '--json',
    '--out',
    out,
  ])
  return { exitCode, stderr, failures: JSON.parse(stdout).failures }
}

/** The failure of the protocol, the code that causes it, and the expected message. */
type FailureCase = readonly [string, string, RegExp]

describe('a failing protocol', () => {
  const expectFailure = async (_: string, goesWrong: string, what: RegExp) => {
    const { exitCode, failures } = await failureOf(goesWrong)
    expect(failures[0]).toMatchObject({ kind: 'broken', sentence: expect.stringMatching(what) })
    expect(exitCode).toBe(4)
  }
  test.each([
    ['one that throws', 'throw new Error("oh no")', /^n\d threw on \{"type":"request".*oh no$/],
  ] satisfies FailureCase[])(
    'the failure of a protocol is reported with the event at which it occurred, and without a verdict: %s',
    expectFailure,
  )

  patientTest.each([
    ['one that never returns', 'for (;;);', /does not return from its step: .*"type":"request"/],
    [
      'one that takes all memory',
      'const all = []; for (;;) all.push(new Array(1e6))',
      /takes more memory than there is: .*"type":"request"/,
    ],
    [
      'one that floods',
      'effects.push({ type: "setTimer", timer: "again", afterMs: 0 })',
      /does not end: too many events.*"timer":"again"/,
    ],
    ['one that draws lots', 'Math.random()', /calls Math\.random\(\), so no run can be repeated/],
    [
      'one that keeps state outside its state',
      'return { state, effects: [{ type: "reply", requestId, result: { type: "ok", value: calls++ } }] }',
      /not deterministic.*event \d+ of the clients/,
    ],
  ] satisfies FailureCase[])('is reported with the event and without a verdict, after a while: %s', expectFailure)
})

const vacuousOf = async (body: string) => {
  const out = temporaryDirectory()
  const args = ['--protocol', protocolThat(body), '--seeds', '2', '--workers', '1', '--out', out]
  const { exitCode, stdout } = await chaos(['fuzz', ...args, '--json'])
  return { exitCode, vacuous: JSON.parse(stdout).vacuous, page: (await chaos(['fuzz', ...args])).stdout }
}

patientTest('a search of a protocol that answers only writes proves nothing, and exits with 2', async () => {
  const { exitCode, vacuous, page } = await vacuousOf('}\nif (event.input.f !== "write") { return { state, effects }')
  expect({ exitCode, vacuous }).toEqual({ exitCode: 2, vacuous: ['no read succeeded in any trial'] })
  expect(page).toContain('NOTHING FOUND, BUT LITTLE WAS PROVED')
})

test('a rejected promise that a step does not await is reported as a failure of the protocol', async () => {
  const file = protocolThat('Promise.reject(new Error("left alone"))')
  const run = ['run', '--sim', '--time', '2s', '--rate', '200', '--faults', 'none', '--protocol', file]
  const { exitCode, stderr } = await chaos([...run, '--out', temporaryDirectory()])
  expect(stderr).toContain('the protocol threw outside its steps')
  expect(stderr).toContain('left alone')
  expect(stderr).not.toContain('bug in chaos')
  expect(exitCode).toBe(4)
})
