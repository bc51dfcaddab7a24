import { expect, test } from 'vitest'
import { compileMapping } from '../../../src/routes/mapping/mapping.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

const NO_FIELDS = { get: () => undefined }

/** Returns the meaning of a 204 response to a request for a job. */
function emptyAnswer(route: object) {
  const dequeue = { request: 'DELETE /jobs/{key}', f: 'dequeue', result: 'json.id', ...route }
  const mapping = compileMapping(parseRouteTable({ routes: [dequeue] }, 'x'))
  const head = { method: 'DELETE', target: '/jobs/a', headers: NO_FIELDS }
  const body = { bytes: Buffer.alloc(0) }
  const { complete } = mapping.match(head).understand(head, body, { connection: 0, address: '', process: undefined })
  return complete({ status: 204, headers: NO_FIELDS, body })
}

test('an empty reply to a dequeue is not understood, and the error proposes "missing": "absent"', () => {
  expect(emptyAnswer({})).toEqual({
    type: 'not-understood',
    error:
      'status 204, and nothing at json.id: if an empty body means that there is no value, say so in the route: "missing": "absent"',
  })
})

test.each([
  ['"missing": "absent"', { missing: 'absent' }],
  ['an outcome of its own', { outcomes: { 204: 'absent' } }],
])('an empty reply to a dequeue means that the queue is empty if the route declares %s', (_, route) => {
  expect(emptyAnswer(route)).toEqual({ type: 'ok', value: null })
})
