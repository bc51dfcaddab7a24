import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { describe, expect, test, vi } from 'vitest'
import { binaryProtocol } from '../../src/stdio/binary/binary-protocol.ts'

const START = { id: 'n1', peers: ['n2'], seed: 1 }
const NOW = millis(5)
/** Returns the event that the program received. The program repeats each event in a log effect. */
const echoed = ({ effects }: { readonly effects: readonly unknown[] }) =>
  JSON.parse((effects[0] as { text: string }).text)

/** Returns a program in JavaScript that calls `answer` with each event. */
const programOf = (answer: string): string =>
  `exec:${process.execPath} -e '${`
    require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const event = JSON.parse(line);
      console.log(JSON.stringify((() => { ${answer} })()))
    })`.replaceAll('\n', ' ')}'`

const machineOf = (reference: string) => binaryProtocol(reference).create({ settings: {} })

describe('a protocol run as a program', () => {
  test('a protocol run as a program gets each event with the clocks of its node, and returns effects and a status', () => {
    const machine = machineOf(
      programOf('return { effects: [{ type: "log", text: line }], status: { role: event.type, leads: true } }'),
    )
    const started = machine.start(START, [{ a: 1 }], NOW)
    const { state } = started
    expect(echoed(started)).toEqual({ type: 'init', ...START, journal: [{ a: 1 }], now: 5 })
    expect(machine.status(state)).toEqual({ role: 'init', leads: true })
    const timer = { type: 'timer', timer: 'tick' } as const
    expect(echoed(machine.step(state, timer, NOW, millis(3)))).toEqual({
      ...timer,
      now: 5,
      steady: 3,
    })
    expect(machine.status(state).role).toBe('timer')
  })

  test.each([
    ['returns no line of JSON', 'exec:echo hello', 'the program answered "hello"'],
    ['ends', "exec:sh -c 'echo oh no >&2'", 'the program ended instead of answering. It said: oh no'],
    ['is not there', 'exec:no-such-program-anywhere', 'the program does not start'],
  ])('a protocol program is reported if it %s', (_, reference, told) => {
    expect(() => machineOf(reference).start(START, [], NOW)).toThrow(told)
  })

  test('the process of a restarted node is reused only if the program answers "reusable": true', () => {
    for (const reusable of [false, true]) {
      const machine = machineOf(programOf(`return { effects: [process.pid], reusable: ${reusable} }`))
      const [first, second] = [1, 2].map(() => machine.start(START, [], NOW).effects[0])
      expect(first === second).toBe(reusable)
    }
  })

  test('a protocol run as a program leaves no file in the temporary directory', () => {
    const directory = mkdtempSync(join(tmpdir(), 'chaos-test-'))
    vi.stubEnv('TMPDIR', directory)
    try {
      machineOf(programOf('return {}')).start(START, [], NOW)
      expect(readdirSync(directory)).toEqual([])
    } finally {
      vi.unstubAllEnvs()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
