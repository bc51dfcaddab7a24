import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../testing/src/sockets.ts'
import type { Placed } from '../../../src/delivery/plan.ts'
import { queueLimitBytes } from '../../../src/delivery/plan.ts'
import type { Stage } from '../../../src/delivery/stage.ts'
import { Backlog } from '../../../src/tcp/backlog.ts'
import { GatheredWrite } from '../../../src/tcp/gathered-write.ts'
import { ReadBuffer } from '../../../src/tcp/read-buffer.ts'
import { SourceGate } from '../../../src/tcp/source-gate.ts'
import { endTurn, receiveInTurn } from '../../../src/tcp/turn.ts'
import { Wakeup } from '../../../src/tcp/wakeup.ts'

const KIB = 1024

describe('the buffer that a socket reads into', () => {
  test('a socket starts with a shared read buffer of 16 KiB, which grows fourfold up to 512 KiB while reads fill it', () => {
    const buffer = new ReadBuffer()
    expect([buffer.isShared, new ReadBuffer().current === buffer.current]).toEqual([true, true])
    buffer.reuse(16 * KIB - 1)
    expect([buffer.current.length, buffer.isShared]).toEqual([16 * KIB, true])
    const sizes = Array.from({ length: 5 }, () => {
      buffer.reuse(buffer.current.length)
      return buffer.current.length / KIB
    })
    expect([sizes, buffer.isShared]).toEqual([[64, 256, 512, 512, 512], false])
    const { current } = buffer
    buffer.reuse(512 * KIB)
    buffer.reuse(5)
    expect(buffer.current).toBe(current)
  })

  test('a read buffer that was lent is reused after it is reclaimed, if it still has the right size', () => {
    const buffer = new ReadBuffer()
    buffer.reuse(16 * KIB)
    const { current: lent } = buffer
    buffer.lend(5)
    const { current: second } = buffer
    expect([second === lent, second.length]).toEqual([false, 64 * KIB])
    buffer.reclaim()
    buffer.reclaim()
    buffer.give(5)
    expect(buffer.current).toBe(lent)
    buffer.give(5)
    expect([lent, second]).not.toContain(buffer.current)
    buffer.lend(5)
    buffer.reclaim()
    buffer.lend(64 * KIB)
    expect(buffer.current.length).toBe(256 * KIB)
  })

  test('a lent read buffer is not used again before it is reclaimed', () => {
    const buffer = new ReadBuffer()
    buffer.reuse(16 * KIB)
    const { current: lent } = buffer
    buffer.lend(5)
    buffer.give(5)
    expect(buffer.current).not.toBe(lent)
  })
})

describe('the writes to a socket in a turn', () => {
  /**
   * Calls `act` in a turn of the event loop. Returns the sizes of the writes until `act` returned (`during`), and of
   * all writes until the end of the turn (`written`).
   */
  function inTurn(act: (write: GatheredWrite) => void) {
    const written: number[] = []
    const write = new GatheredWrite((bytes) => {
      written.push(bytes.length)
      return true
    })
    let during: number[] = []
    receiveInTurn(
      () => {
        act(write)
        during = [...written]
      },
      Buffer.alloc(1),
      false,
    )
    endTurn()
    return { during, written }
  }

  test('writes to a socket are gathered up to 16 KiB, and written at the end of the turn of the event loop', () => {
    const taken: boolean[] = []
    const { during, written } = inTurn((write) => {
      for (const length of [1, 16 * KIB - 2, 1, 1]) taken.push(write.take(Buffer.alloc(length)))
    })
    expect([taken, during, written]).toEqual([[true, true, true, false], [], [16 * KIB]])
  })

  test('writeNow writes the gathered bytes of a turn once, before the turn ends', () => {
    const { during, written } = inTurn((write) => {
      write.writeNow()
      write.take(Buffer.alloc(3))
      write.writeNow()
      write.writeNow()
    })
    expect([during, written]).toEqual([[3], [3]])
  })

  test('writes are not gathered outside a turn of the event loop', () => {
    expect(new GatheredWrite(() => true).take(Buffer.alloc(1))).toBe(false)
  })
})

describe('the bytes that wait in a direction', () => {
  const placed = (countsArriving: Stage['countsArriving'], afterBytes = 0, more: Partial<Stage> = {}) => {
    const counter = { hits: 0 }
    const each: Placed = { stage: { countsArriving, ...more }, afterBytes, hit: () => void counter.hits++ }
    return { counter, placed: each }
  }

  test('bytes that wait when a stage is added count as arrivals at the stage, at their positions in the stream', () => {
    const backlog = new Backlog()
    backlog.push(Buffer.alloc(5), 100, 0)
    backlog.push(Buffer.alloc(5), 100, 0)
    backlog.queue.take(2)
    const [all, late, ends] = [placed('everything'), placed('bytes', 107), placed('ends')]
    expect(backlog.setStages([all.placed, late.placed], 102)).toEqual([])
    expect([all.counter.hits, late.counter.hits]).toEqual([2, 1])
    backlog.push('end', 102, 0)
    expect([all.counter.hits, late.counter.hits]).toEqual([3, 1])
    expect(backlog.setStages([all.placed, ends.placed], 102)).toEqual([late.placed])
    expect([all.counter.hits, ends.counter.hits]).toEqual([3, 1])
    expect(backlog.stages).toEqual([all.placed, ends.placed])
  })

  test('a stage counts arriving bytes at their position after the waiting bytes', () => {
    const backlog = new Backlog()
    const { counter, placed: stage } = placed('bytes', 7)
    backlog.setStages([stage], 0)
    backlog.push(Buffer.alloc(5), 0, 0)
    expect(counter.hits).toBe(0)
    backlog.push(Buffer.alloc(3), 0, 0)
    expect(counter.hits).toBe(1)
  })

  test('the stages of a direction set the limit of waiting bytes', () => {
    const backlog = new Backlog()
    const limitBytes = queueLimitBytes([])
    backlog.push(Buffer.alloc(limitBytes - 256 - 1), 0, 0)
    expect(backlog.isFull).toBe(false)
    backlog.push(Buffer.alloc(1), 0, 0)
    expect(backlog.isFull).toBe(true)
    backlog.setStages([placed('nothing', 0, { longestDelayMs: 10 }).placed], 0)
    expect(backlog.isFull).toBe(false)
  })

  test('Backlog returns the rest of the first arrival before the next arrival', () => {
    const backlog = new Backlog()
    expect(backlog.next(9)).toBeUndefined()
    backlog.push(Buffer.alloc(5), 9, 3)
    backlog.push('reset', 9, 4)
    backlog.queue.take(2)
    expect(backlog.next(11)).toMatchObject({
      content: 'bytes',
      sizeBytes: 3,
      positionBytes: 11,
      chunk: { arrivedAtMs: 3 },
    })
    backlog.queue.take(3)
    expect(backlog.next(14)).toMatchObject({ content: 'reset', sizeBytes: 0, positionBytes: 14 })
  })
})

describe('the reading from a socket', () => {
  function gateOf() {
    const clock = new ManualClock()
    const told: string[] = []
    const state = { destroyed: false, writable: true, writableLength: 0 }
    const source = Object.assign(state, {
      pause: () => void told.push('pause'),
      resume: () => void told.push('resume'),
      write: (text: string) => void told.push(`write ${text.length}`),
    }) as unknown as Socket
    return { gate: new SourceGate(clock), clock, source, state, toldSince: () => told.splice(0) }
  }

  test('a socket is read only while the queue has room and bytes are wanted', () => {
    const { gate, source, toldSince } = gateOf()
    gate.setSource(source)
    expect(toldSince()).toEqual([])
    gate.setRoom(false)
    gate.setWanted(false)
    gate.setRoom(true)
    expect([toldSince(), gate.room]).toEqual([['pause'], true])
    gate.setWanted(true)
    gate.setWanted(true)
    expect(toldSince()).toEqual(['resume'])
  })

  test('a read gate without room also pauses a socket that it gets later', () => {
    const { gate, source, toldSince } = gateOf()
    gate.setRoom(false)
    gate.setSource(source)
    expect([toldSince(), gate.room]).toEqual([['pause'], false])
  })

  test('a socket that is not read gets an empty write each second, which detects that the peer is gone', () => {
    const { gate, clock, source, state, toldSince } = gateOf()
    gate.setSource(source)
    gate.setWanted(false)
    toldSince()
    clock.advance(999)
    expect(toldSince()).toEqual([])
    clock.advance(1)
    expect(toldSince()).toEqual(['write 0'])
    state.writableLength = 1
    clock.advance(1000)
    state.writableLength = 0
    state.writable = false
    clock.advance(1000)
    expect(toldSince()).toEqual([])
    state.writable = true
    clock.advance(1000)
    expect(toldSince()).toEqual(['write 0'])
    gate.setWanted(true)
    toldSince()
    clock.advance(2000)
    expect([toldSince(), clock.armed]).toEqual([[], 0])
    gate.setWanted(false)
    state.destroyed = true
    clock.advance(2000)
    expect([toldSince(), clock.armed]).toEqual([['pause'], 0])
  })

  test('stopping a read gate cancels its timer', () => {
    const { gate, clock, source } = gateOf()
    gate.setSource(source)
    gate.setWanted(false)
    expect(clock.armed).toBe(1)
    gate.stop()
    expect(clock.armed).toBe(0)
  })
})

describe('a wakeup', () => {
  function wakeupOf() {
    const clock = new ManualClock()
    const [woken, delays]: [number[], number[]] = [[], []]
    const counted = {
      nowMs: () => clock.nowMs(),
      after(delayMs: number, callback: () => void) {
        delays.push(delayMs)
        return clock.after(delayMs, callback)
      },
    }
    return { clock, woken, delays, wakeup: new Wakeup(counted, () => void woken.push(clock.nowMs())) }
  }

  test('a wakeup replaces its timer only if it is set for an earlier time', () => {
    const { clock, woken, delays, wakeup } = wakeupOf()
    for (const atMs of [10, 10, 11, 9]) wakeup.setFor(atMs, 2)
    expect([delays, clock.armed]).toEqual([[8, 7], 1])
    clock.advance(20)
    expect([woken, clock.armed]).toEqual([[7], 0])
  })

  test('a wakeup can be set for a later time once it is over or cancelled', () => {
    const { clock, woken, wakeup } = wakeupOf()
    wakeup.setFor(5, 0)
    clock.advance(5)
    wakeup.setFor(8, 5)
    clock.advance(5)
    wakeup.setFor(20, 10)
    wakeup.cancel()
    expect(clock.armed).toBe(0)
    wakeup.setFor(30, 10)
    clock.advance(20)
    expect(woken).toEqual([5, 8, 30])
  })
})
