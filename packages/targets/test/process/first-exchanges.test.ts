import type { Completion, UserError } from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import { describe, expect, test } from 'vitest'
import { createFirstExchanges } from '../../src/clients/first-exchanges.ts'

const answer = (status: number, body: string): Answer => ({
  status,
  headers: undefined,
  body: { bytes: Buffer.from(body) },
})
const done: Completion = { type: 'ok', value: null }
const failed: Completion = { type: 'fail', error: 'status' }

function service() {
  const errors: UserError[] = []
  let nowMs = 0
  const first = createFirstExchanges(
    (error) => errors.push(error),
    () => nowMs,
  )
  return {
    errors,
    /** Writes 7 to a key. */
    put(status: number, completion: Completion, key = 'x') {
      nowMs += 100
      const input = { f: 'write', key, value: 7 }
      first.requested(input, { method: 'PUT', target: `/items/${key}`, headers: [], body: '{"item":7}' })(
        answer(status, '{"error":"no"}'),
        completion,
      )
    },
    get(status: number, key = 'x') {
      nowMs += 100
      const asked = first.requested(
        { f: 'read', key, value: null },
        { method: 'GET', target: `/itemz/${key}`, headers: [], body: '' },
      )
      asked(answer(status, ''), done)
    },
    change(f: string, status: number, completion: Completion) {
      nowMs += 100
      first.requested({ f, key: 'x', value: 7 }, { method: 'POST', target: '/items', headers: [], body: '' })(
        answer(status, ''),
        completion,
      )
    },
    remove() {
      first.requested(
        { f: 'delete', key: 'x', value: null },
        { method: 'DELETE', target: '/items/x', headers: [], body: '' },
      )(answer(200, ''), done)
    },
  }
}

const times = (count: number, act: () => void): void => {
  for (let n = 0; n < count; n++) act()
}

describe('the first exchanges of a run', () => {
  test('a run ends if its first 50 reads of written keys find nothing', () => {
    const { errors, put, get } = service()
    put(200, done)
    times(49, () => get(404))
    expect(errors).toEqual([])
    times(5, () => get(404))
    expect(errors.map(({ message }) => message)).toEqual([
      'no read finds anything: GET /itemz/x was answered 404, though PUT /items/x {"item":7} was answered 200 {"error":"no"}. Correct the route of reads.',
    ])
  })

  test('a run continues for its first 3 s whatever the replies are', () => {
    const errors: UserError[] = []
    const first = createFirstExchanges(
      (error) => errors.push(error),
      () => 1_000,
    )
    const request = { method: 'PUT', target: '/items/x', headers: [], body: '' }
    times(100, () => first.requested({ f: 'write', key: 'x', value: 7 }, request)(answer(422, ''), failed))
    expect(errors).toEqual([])
  })

  test.each([
    ['a read has found something', ({ get }: ReturnType<typeof service>) => get(200)],
    ['a delete may have removed the value', ({ remove }: ReturnType<typeof service>) => remove()],
  ])('a run continues after empty reads if %s', (_, act) => {
    const made = service()
    made.put(200, done)
    act(made)
    times(100, () => made.get(404))
    expect(made.errors).toEqual([])
  })

  test('a run continues if clients read only keys that they never wrote', () => {
    const { errors, put, get } = service()
    put(200, done, 'y')
    times(100, () => get(404))
    expect(errors).toEqual([])
  })

  test('a run ends if its first 50 writes are refused', () => {
    const { errors, put } = service()
    times(60, () => put(422, failed))
    expect(errors.map(({ message }) => message)).toEqual([
      'no write works: PUT /items/x {"item":7} was answered 422 {"error":"no"}, and no earlier write worked. Correct the path or the body in the route of write.',
    ])
  })

  test.each(['add', 'append', 'enqueue', 'transfer', 'acquire', 'txn'])(
    'a run ends if its first 50 calls of %s are refused',
    (f) => {
      const { errors, change } = service()
      times(60, () => change(f, 404, failed))
      expect(errors.map(({ message }) => message)).toEqual([
        `no ${f} works: POST /items was answered 404, and no earlier ${f} worked. Correct the path or the body in the route of ${f}.`,
      ])
    },
  )

  test.each(['cas', 'release', 'remove', 'dequeue'])('a run continues if %s finds nothing', (f) => {
    const { errors, change } = service()
    times(100, () => change(f, 404, failed))
    expect(errors).toEqual([])
  })

  test('a run continues after refused additions if an earlier addition has worked', () => {
    const { errors, change, get } = service()
    change('add', 200, done)
    times(100, () => change('add', 404, failed))
    times(100, () => get(404))
    expect(errors).toEqual([])
  })

  test.each([
    ['a write has worked', 200, done],
    ['the refusals may be temporary, as without a leader', 503, failed],
  ])('a run continues after refused writes if %s', (_, status, completion) => {
    const { errors, put } = service()
    put(status, completion)
    times(100, () => put(status, failed))
    expect(errors).toEqual([])
  })
})
