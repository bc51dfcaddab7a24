import type { Event } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createRepeats } from '../../src/clients/repeats.ts'

/**
 * Records an operation of process 1 and then one of process 2, with the outcomes in `backend`. If `repeats` is given,
 * the operation of process 2 repeats the operation of process `repeats`.
 */
function played(
  model: string,
  f: string,
  backend: readonly ['ok' | 'info' | 'fail', 'ok' | 'info'],
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

describe('a repeated change', () => {
  test.each([
    ['counter', 'add'],
    ['counter', 'subtract'],
    ['counter', 'increment'],
    ['counter', 'decrement'],
    ['register', 'append'],
    ['register', 'cas'],
    ['queue', 'enqueue'],
    ['queue', 'send'],
    ['queue', 'publish'],
    ['bank', 'transfer'],
    ['bank', 'deposit'],
    ['bank', 'withdraw'],
  ])('a repeated change is doubtful if both attempts were executed (model %s, function %s)', (model, f) => {
    expect(played(model, f, ['ok', 'ok'], 1)).toEqual([
      expect.stringMatching(/^1 change whose answer was lost was sent again .* both times \(on hits\)\. If the driver/),
    ])
  })

  test.each([
    ['only the second time, after a refusal', 'counter', 'add', ['fail', 'ok'], 1],
    ['only the first time', 'counter', 'add', ['ok', 'info'], 1],
    ['twice, as two independent requests', 'counter', 'add', ['ok', 'ok'], undefined],
    ['twice, which makes no difference for a write', 'register', 'write', ['ok', 'ok'], 1],
    ['twice, which makes no difference for an element of a set', 'set', 'add', ['ok', 'ok'], 1],
  ] as const)('a repeated change is not doubtful if it was executed %s', (_, model, f, backend, repeats) => {
    expect(played(model, f, backend, repeats)).toEqual([])
  })

  test('a repeated change is doubtful if the server never replied to the first attempt', () => {
    expect(played('counter', 'add', ['info', 'ok'], 1)).toEqual([
      expect.stringMatching(/^1 change .* may have been carried out both times \(on hits\)/),
    ])
  })
})

describe('a repeated addition', () => {
  /**
   * Records additions that return the values in `sums`. Then records an addition that is sent twice and finally returns
   * `again`, and a read that returns `last`.
   */
  function added(sums: readonly (readonly string[])[], again: readonly string[], last: string) {
    const watched = createRepeats('register')
    const said = (process: number, type: Event['type'], f: string, value: unknown, extra = '') => {
      const event = { index: 0, time: 0, process, type, f, key: 'hits', value } as unknown as Event
      watched.client(`{"process":${process}${extra}}\n`, event)
      watched.backend(event)
    }
    for (const value of sums) {
      said(0, 'invoke', 'cas', undefined)
      said(0, 'ok', 'cas', value)
    }
    said(1, 'invoke', 'cas', undefined)
    said(1, 'info', 'cas', undefined)
    said(2, 'invoke', 'cas', undefined, ',"repeats":1,"resent":true')
    said(2, 'ok', 'cas', again)
    said(3, 'invoke', 'read', null)
    said(3, 'ok', 'read', last)
    return watched.doubts()
  }

  test('a repeated addition was executed twice if nothing else explains the sum in the second reply', () => {
    expect(added([['1'], ['1', '2']], ['3', '4'], '4')).toEqual([expect.stringMatching(/and carried out both times/)])
  })

  test('a repeated addition was executed once if the acknowledged additions explain every sum', () => {
    expect(added([['1'], ['1', '2']], ['2', '3'], '3')).toEqual([])
  })

  test.each([
    ['the last read shows another addition', [['1'], ['1', '2']], ['2', '3'], '4', /and carried out both times/],
    ['nobody knows where the sum began', [['1', '2']], ['2', '3'], '3', /may have been carried out both times/],
    ['the last read is not of the last sum', [['1'], ['1', '2']], ['2', '3'], '2', /may have been/],
  ])('a repeated addition is doubtful if %s', (_, sums, again, last, wanted) => {
    expect(added(sums, again, last)).toEqual([expect.stringMatching(wanted)])
  })
})

describe('the doubts about repeated changes in a long recording', () => {
  const said = (process: number, type: Event['type'], value?: unknown): Event =>
    ({ index: 0, time: 0, process, type, f: 'cas', key: 'hits', value }) as unknown as Event

  test('a repeated change is doubtful if its first attempt was forgotten after 100,000 operations', () => {
    const watched = createRepeats('register')
    const resent = () => {
      watched.client('{"process":1,"repeats":0,"resent":true}\n', said(1, 'invoke'))
      watched.backend(said(1, 'ok', ['1', '2']))
      return watched.doubts()
    }
    expect(resent()).toEqual([])
    for (let process = 2; process < 100_010; process++) watched.backend(said(process, 'invoke'))
    expect(resent()).toEqual([expect.stringContaining('may have been carried out both times')])
  })

  test('the doubts state how many repeated changes exceed the limit of 10,000 examined changes', () => {
    const watched = createRepeats('register')
    watched.backend(said(0, 'invoke'))
    for (let process = 1; process < 10_003; process++)
      watched.client(`{"process":${process},"repeats":0,"resent":true}\n`, said(process, 'invoke'))
    expect(watched.doubts()).toEqual([expect.stringMatching(/^2 further changes .* Record a shorter time$/)])
  })
})
