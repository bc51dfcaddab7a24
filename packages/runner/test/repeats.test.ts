import type { Event } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createRepeats } from '../src/repeats.ts'

/** Plays `invoke 1 f` and `ok 1` in both views; `repeats` is the process that an invocation repeats. */
function played(
  model: string,
  f: string,
  backend: readonly ['ok' | 'info', 'ok' | 'info'],
  repeats: number | undefined,
) {
  const watched = createRepeats(model)
  const both = (process: number, type: Event['type'], extra = '') => {
    const event = { index: 0, time: 0, process, type, f, key: 'hits', value: null } as unknown as Event
    if (type !== 'ok' || extra === '') watched.client(`{"process":${process}${extra}}\n`, event)
    watched.backend(event)
  }
  both(1, 'invoke')
  both(1, backend[0])
  both(2, 'invoke', repeats === undefined ? '' : `,"repeats":${repeats},"resent":true`)
  both(2, backend[1])
  return watched.doubts()
}

describe('a change that was sent again after its answer was lost', () => {
  test.each([
    ['counter', 'add'],
    ['register', 'append'],
    ['register', 'cas'],
    ['queue', 'enqueue'],
  ])('is doubted if it was carried out both times: %s %s', (model, f) => {
    expect(played(model, f, ['ok', 'ok'], 1)).toEqual([
      expect.stringMatching(/^1 change whose answer was lost was sent again .* both times, of hits\. If the driver/),
    ])
  })

  test.each([
    ['once', 'counter', 'add', ['info', 'ok'], 1],
    ['the first time only', 'counter', 'add', ['ok', 'info'], 1],
    ['for a purpose of its own', 'counter', 'add', ['ok', 'ok'], undefined],
    ['without a difference: a write', 'register', 'write', ['ok', 'ok'], 1],
    ['without a difference: an element of a set', 'set', 'add', ['ok', 'ok'], 1],
  ] as const)('is not if it was carried out %s', (_, model, f, backend, repeats) => {
    expect(played(model, f, backend, repeats)).toEqual([])
  })
})
