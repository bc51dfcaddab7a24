import { nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { Ticks } from '../../../src/record/processes.ts'
import { View } from '../../../src/record/view.ts'
import { eventTexts } from '../../record/in-memory.ts'

const remark = { what: 'a', why: 'b' }

function viewed() {
  const [sink, ticks] = [new RecordedLines(), new Ticks()]
  const view = new View({ sink, maximumWaiting: 100_000, ticks, now: () => nanos(0) })
  /**
   * The number of events that `marks` has already returned. Each call of `marks` returns only newer events, as texts
   * such as `touched x`.
   */
  let seen = 0
  const marks = (): readonly string[] => {
    const texts = eventTexts(sink).slice(seen)
    seen += texts.length
    return texts.map((text) => text.slice(0, text.indexOf(':')))
  }
  return { view, ticks, marks }
}

const keys = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `k${i}`)

describe('the marks of a view', () => {
  test('a key is marked once, also if a request names it twice', () => {
    const { view, marks } = viewed()
    view.touched(remark, { keys: ['x', 'x', 'y'] })
    view.touched(remark, { keys: ['x'] })
    expect(marks()).toEqual(['touched x', 'touched y'])
    view.touched(remark, 'nothing')
    expect(marks()).toEqual([])
    view.touched(remark, 'everything')
    view.touched(remark, { keys: ['z'] })
    view.touched(remark, 'everything')
    expect(marks()).toEqual(['touched'])
  })

  test('a marked key is marked again if a lost creation has an earlier place in the record', () => {
    const { view, marks } = viewed()
    const place = view.order.reserve()
    view.seenAbsent('x')
    view.touched(remark, { keys: ['x'] })
    view.order.fill(place, view.creationLostLines(place, remark))
    expect(marks()).toEqual(['touched x', 'touched x'])
  })

  test('even after 10,000 marked keys, a lost creation at an earlier place marks a known key again', () => {
    const { view, marks } = viewed()
    const place = view.order.reserve()
    view.seenAbsent('k0')
    view.touched(remark, { keys: keys(10_000) })
    const lines = view.creationLostLines(place, remark)
    expect(lines.map(({ event }) => event.key)).toEqual(['k0'])
    view.order.fill(place, lines)
    expect(marks()).toHaveLength(10_001)
  })

  test('a request that may be refused marks each of its keys, except keys with a confirmed mark', () => {
    const { view, ticks, marks } = viewed()
    const tick = view.supposed(remark, { keys: ['x', 'y'] }, 1)
    expect(marks()).toEqual(['touched x', 'touched y'])
    view.supposed(remark, { keys: ['x'] }, 2)
    expect(marks()).toEqual(['touched x'])
    view.confirmed({ keys: ['x'] }, tick)
    view.supposed(remark, { keys: ['x', 'y'] }, 3)
    expect(marks()).toEqual(['touched y'])
    view.confirmed('nothing', ticks.next())
    view.supposed(remark, 'nothing', 4)
    view.supposed(remark, { keys: ['y'] }, 5)
    expect(marks()).toEqual(['touched y'])
    view.confirmed('everything', ticks.next())
    view.supposed(remark, { keys: ['y'] }, 6)
    view.supposed(remark, 'everything', 7)
    expect(marks()).toEqual([])
  })

  test('even after 10,000 keys, a known key keeps the earliest moment at which its mark was confirmed', () => {
    const { view, ticks, marks } = viewed()
    const early = ticks.next()
    const place = view.order.reserve()
    view.touched(remark, { keys: keys(10_000) })
    view.confirmed({ keys: ['k0'] }, early)
    view.supposed(remark, { keys: ['k0'] }, 1, place)
    expect(marks()).toHaveLength(10_000)
  })

  test('after 10,000 keys, a confirmed mark of another key is not kept', () => {
    const { view, ticks, marks } = viewed()
    view.touched(remark, { keys: keys(10_000) })
    marks()
    view.confirmed({ keys: ['x'] }, ticks.next())
    view.touched(remark, { keys: ['x'] })
    expect(marks()).toEqual(['touched'])
  })

  test.each<readonly [number, number]>([
    [10_000, 10_000],
    [10_001, 1],
  ])('a lost creation after %i keys that were seen absent makes %i marks', (absent, marked) => {
    const { view } = viewed()
    const place = view.order.reserve()
    for (const key of keys(absent)) view.seenAbsent(key)
    expect(view.creationLostLines(place, remark)).toHaveLength(marked)
  })

  test('after a lost creation, a key is marked as soon as a client sees the key absent', () => {
    const { view, marks } = viewed()
    const place = view.order.reserve()
    view.order.fill(place, view.creationLostLines(place, remark))
    expect(marks()).toEqual([])
    view.seenAbsent('x')
    expect(marks()).toEqual(['touched x'])
  })
})
