import { createRandom, httpFamily } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../testing/src/sockets.ts'
import { CutHead } from '../../../src/http/cut-head.ts'
import { Gate } from '../../../src/http/gate.ts'
import { HttpRule } from '../../../src/http/http-rule.ts'
import { MessageIntake } from '../../../src/http/message-intake.ts'
import { Pause, Pieces } from '../../../src/http/pause.ts'
import { ReplyOutbox } from '../../../src/http/reply-outbox.ts'
import { HttpTurn } from '../../../src/http/turn.ts'

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

function ruleOf(fault: object, appliedAtMs = 0): HttpRule {
  const parsed = httpFamily.parse({ links: ['clients>n1'], ...fault }, 'test')
  return new HttpRule(
    { fault: parsed, appliedAtMs, hits: 0, missed: 0, missedBecause: undefined, recent: [] },
    createRandom(1),
  )
}
const loses = () => ruleOf({ kind: 'lose-request' })

describe('a gate', () => {
  function gateOf() {
    const reading: boolean[] = []
    const seen: string[] = []
    const gate = new Gate({
      pass: () => true,
      end: () => undefined,
      reset: () => undefined,
      setReading: (isReading) => void reading.push(isReading),
      congested: false,
    })
    const stage = {
      receive(bytes: Buffer) {
        seen.push(bytes.toString('latin1'))
        if (bytes.toString('latin1') === 'close') gate.close()
        return true
      },
      end: () => void seen.push('END'),
      reset: () => void seen.push('RESET'),
    }
    return { gate, reading, seen, stage }
  }

  test('a gate releases the bytes that it holds in order until it closes again', () => {
    const { gate, seen, stage } = gateOf()
    gate.close()
    const borrowed = bytesOf('a')
    for (const arrival of [borrowed, bytesOf('close'), bytesOf('b'), 'end', 'reset'] as const) gate.hold(arrival)
    borrowed.fill(0)
    gate.open(stage)
    expect([seen, gate.closed]).toEqual([['a', 'close'], true])
    gate.putBack(bytesOf('rest'))
    gate.open(stage)
    expect([seen.slice(2), gate.closed]).toEqual([['rest', 'b', 'END', 'RESET'], false])
  })

  test('a gate stops reading while it holds more than 256 KiB', () => {
    const { gate, reading, stage } = gateOf()
    gate.hold(Buffer.alloc(256 * 1024 - 1))
    gate.hold(Buffer.alloc(1))
    expect(reading).toEqual([])
    gate.hold(Buffer.alloc(1))
    gate.hold('end')
    expect(reading).toEqual([false])
    gate.open(stage)
    expect(reading).toEqual([false, true])
    gate.hold(Buffer.alloc(256 * 1024))
    expect(reading).toEqual([false, true])
  })

  test('a gate resumes reading once it holds at most 256 KiB, including bytes that were put back', () => {
    const { gate, reading, stage } = gateOf()
    for (const bytes of [bytesOf('close'), Buffer.alloc(256 * 1024), bytesOf('close'), bytesOf('x')]) gate.hold(bytes)
    gate.open(stage)
    expect(reading).toEqual([false])
    gate.open(stage)
    expect(reading).toEqual([false, true])
    gate.putBack(Buffer.alloc(256 * 1024 - 1))
    gate.hold(bytesOf('y'))
    expect(reading).toEqual([false, true, false])
  })

  test('a gate resumes reading only if no reason for a pause is left', () => {
    const { gate, reading } = gateOf()
    gate.setStopped('record', true)
    gate.setStopped('answers', true)
    gate.setStopped('record', false)
    gate.setStopped('record', false)
    expect(reading).toEqual([false])
    gate.setStopped('answers', false)
    gate.setStopped('unanswered', false)
    expect(reading).toEqual([false, true])
    gate.setStopped('unanswered', true)
    gate.setStopped('waiting', true)
    gate.setStopped('unanswered', false)
    expect(reading).toEqual([false, true, false])
  })

  const reasons = ['waiting', 'answers', 'record', 'unanswered'] as const
  test.each(
    reasons.flatMap((first) => reasons.filter((other) => other !== first).map((other) => [first, other] as const)),
  )('a gate with the reasons to stop %s and %s reads again only after both reasons have ended', (first, second) => {
    const { gate, reading } = gateOf()
    gate.setStopped(first, true)
    gate.setStopped(second, true)
    gate.setStopped(first, false)
    expect(reading).toEqual([false])
    gate.setStopped(second, false)
    expect(reading).toEqual([false, true])
  })
})

describe('a message intake', () => {
  function intakeOf(isFree: (bytes: Buffer) => boolean = () => true) {
    const passed: Buffer[] = []
    const intake = new MessageIntake((bytes) => {
      passed.push(bytes)
      return isFree(bytes)
    })
    return { intake, passed }
  }

  test('a message intake passes no byte twice, and passes a whole chunk without copying it', () => {
    const { intake, passed } = intakeOf()
    const chunk = bytesOf('abcdef')
    intake.beginChunk()
    intake.settle(chunk, 2)
    intake.settle(chunk, 2)
    intake.settle(chunk, 1)
    expect(intake.from).toBe(2)
    intake.skip(4)
    intake.settle(chunk, 6)
    expect(passed.map(String)).toEqual(['ab', 'ef'])
    intake.beginChunk()
    intake.settle(chunk, 6)
    expect(passed[2]).toBe(chunk)
    intake.beginChunk()
    intake.settle(chunk, 3)
    expect(passed[3]?.toString()).toBe('abc')
  })

  test('a message intake reports the memory of a chunk as reusable only if every part of it is reusable', () => {
    const { intake } = intakeOf((bytes) => bytes.toString() !== 'b')
    for (const [parts, isFree] of [
      [[1], true],
      [[1, 2], false],
      [[1, 2, 3], false],
      [[3], true],
    ] as const) {
      intake.beginChunk()
      for (const to of parts) intake.settle(bytesOf('abc'), to)
      expect(intake.endChunk()).toBe(isFree)
    }
  })

  test('a message intake can collect or drop the bytes of a message instead of passing them on', () => {
    const { intake, passed } = intakeOf(() => false)
    const chunk = bytesOf('abcdef')
    intake.beginChunk()
    intake.treatment = 'collect'
    intake.settle(chunk, 2)
    expect([intake.collectedBytes, intake.endChunk()]).toEqual([2, true])
    const [whole] = [intake.takeCollected()]
    chunk.fill(0)
    expect([whole.toString(), intake.collectedBytes, intake.takeCollected().length]).toEqual(['ab', 0, 0])
    intake.collect(bytesOf('x'))
    intake.collect(bytesOf('yz'))
    expect([intake.collectedBytes, intake.takeCollected().toString()]).toEqual([3, 'xyz'])
    intake.treatment = 'swallow'
    intake.settle(chunk, 6)
    expect([intake.from, intake.collectedBytes, passed]).toEqual([6, 0, []])
  })

  test('CutHead either holds the start of a header that is split between chunks, or passes it on immediately', () => {
    for (const isHeld of [true, false]) {
      const { intake, passed } = intakeOf()
      const cut = new CutHead()
      intake.beginChunk()
      cut.cut(intake, bytesOf('endGET'), 3, () => isHeld)
      expect([cut.isHeld, cut.isPassing, passed.map(String), intake.from]).toEqual([
        isHeld,
        !isHeld,
        ['end'],
        isHeld ? 6 : 3,
      ])
      intake.beginChunk()
      cut.cut(intake, bytesOf(' /'), 0, () => !isHeld)
      expect([cut.isHeld, intake.from]).toEqual([isHeld, isHeld ? 2 : 0])
      expect(cut.takeHeld(bytesOf('GET / HTTP'))?.toString()).toBe(isHeld ? 'GET /' : undefined)
      expect([cut.isHeld, cut.isPassing, cut.takeHeld(bytesOf('GET'))]).toEqual([false, false, undefined])
    }
  })
})

describe('a pause for a fault', () => {
  test('a pause ends on time even if its timer fires early, and ends immediately if its fault is removed', () => {
    const clock = new ManualClock()
    let earlyMs = 1
    const hasty = {
      nowMs: () => clock.nowMs(),
      after: (delayMs: number, callback: () => void) => clock.after(delayMs - (delayMs > 1 ? earlyMs : 0), callback),
    }
    const pause = new Pause(hasty)
    const ended: number[] = []
    const [rule, other] = [loses(), loses()]
    clock.advance(50)
    pause.begin(10, rule, () => void ended.push(clock.nowMs()))
    clock.advance(9)
    expect([ended, clock.armed]).toEqual([[], 1])
    clock.advance(1)
    expect([ended, clock.armed]).toEqual([[60], 0])
    earlyMs = 0
    pause.begin(10, rule, () => void ended.push(clock.nowMs()))
    pause.ruleRemoved(other)
    expect(ended).toEqual([60])
    pause.ruleRemoved(rule)
    expect([ended, clock.armed]).toEqual([[60, 60], 0])
    pause.ruleRemoved(rule)
    pause.begin(10, rule, () => void ended.push(clock.nowMs()))
    pause.cancel()
    pause.end()
    clock.advance(20)
    expect([ended, clock.armed]).toEqual([[60, 60], 0])
  })

  test('a trickled body pauses before each piece until the fault is removed', () => {
    const clock = new ManualClock()
    const passed: [number, string][] = []
    let isInForce = true
    const pieces = new Pieces(
      new Pause(clock),
      (bytes) => void passed.push([clock.nowMs(), bytes.toString()]),
      () => isInForce,
    )
    const done: number[] = []
    const send = (text: string) => pieces.send(bytesOf(text), () => void done.push(clock.nowMs()))
    send('plain')
    expect([passed.splice(0), done.splice(0)]).toEqual([[[0, 'plain']], [0]])
    pieces.begin({ pieceBytes: 3, pauseMs: 10, rule: loses() })
    send('')
    expect([done.splice(0), clock.armed]).toEqual([[0], 0])
    send('abcd')
    clock.advance(25)
    expect([passed.splice(0), done.splice(0)]).toEqual([
      [
        [10, 'abc'],
        [20, 'd'],
      ],
      [20],
    ])
    // Two bytes of the current piece are still missing. The next bytes complete it.
    send('efg')
    clock.advance(10)
    expect([passed.splice(0), done.splice(0)]).toEqual([
      [
        [25, 'ef'],
        [35, 'g'],
      ],
      [35],
    ])
    isInForce = false
    send('hijklm')
    expect([passed, done]).toEqual([[[35, 'hijklm']], [35]])
  })
})

describe('the responses on their way to a client', () => {
  function outboxOf(exit: { congested: boolean } = { congested: false }) {
    const told: string[] = []
    const outbox = new ReplyOutbox(
      Object.assign(exit, {
        pass: () => false,
        end: () => undefined,
        reset: () => undefined,
        setReading: () => undefined,
      }),
      () => nanos(7),
    )
    const turn = (name: string) =>
      Object.assign(new HttpTurn(undefined, nanos(0)), {
        delivered: () => void told.push(`${name} delivered`),
        ended: (_: number, reason: string) => void told.push(`${name} ${reason}`),
      })
    return { outbox, told, turn }
  }
  const answer: Answer = { status: 200, headers: undefined, body: undefined }

  test('a response counts as delivered once the client has received its last byte', () => {
    const { outbox, told, turn } = outboxOf()
    expect(outbox.pass(Buffer.alloc(5))).toBe(false)
    outbox.answerEnds(turn('a'), answer)
    outbox.answerEnds(turn('b'), answer, 5)
    outbox.delivered(4)
    expect(told).toEqual([])
    outbox.delivered(5)
    expect(told).toEqual(['a delivered'])
    outbox.pass(Buffer.alloc(5))
    outbox.delivered(9)
    expect(told).toEqual(['a delivered'])
    outbox.closed(nanos(9), 'closed')
    outbox.closed(nanos(9), 'closed')
    expect(told).toEqual(['a delivered', 'b closed'])
  })

  test('a response counts as delivered when it ends, if all its bytes were delivered before', () => {
    const { outbox, told, turn } = outboxOf()
    outbox.pass(Buffer.alloc(5))
    outbox.delivered(5)
    outbox.answerEnds(turn('a'), answer)
    expect(told).toEqual(['a delivered'])
  })

  test('responses count as sent if two checks 50 ms apart find no waiting byte, or at once if nothing was passed', () => {
    const clock = new ManualClock()
    const sent: number[] = []
    const exit = { congested: false }
    const { outbox } = outboxOf(exit)
    const note = () => void sent.push(clock.nowMs())
    outbox.whenSent(clock, note)
    expect(sent).toEqual([0])
    outbox.pass(Buffer.alloc(5))
    outbox.whenSent(clock, note)
    clock.advance(50)
    outbox.delivered(4)
    clock.advance(50)
    outbox.delivered(5)
    exit.congested = true
    clock.advance(50)
    exit.congested = false
    clock.advance(99)
    expect(sent).toEqual([0])
    clock.advance(1)
    expect([sent, clock.armed]).toEqual([[0, 250], 0])
    outbox.whenSent(clock, note)
    outbox.closed(nanos(0), 'closed')
    expect(clock.armed).toBe(0)
  })
})
