import { type EventInput, historyFromEvents } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { findVacuity } from '../../src/judge/vacuity.ts'

/** Returns the complaints about final reads. Each read has a key and a status; status 200 stands for an answer. */
const complaints = (...reads: readonly (readonly [key: string, status: number])[]) =>
  findVacuity(
    historyFromEvents(
      reads.flatMap(([key, status], process): EventInput[] => {
        const read = { process, f: 'read', key, value: null }
        const returned =
          status === 200 ? { type: 'ok' as const, value: 1 } : { type: 'fail' as const, error: `status ${status}` }
        return [
          { ...read, type: 'invoke', final: true },
          { ...read, ...returned },
        ]
      }),
    ),
    [],
    [],
  ).filter((complaint) => complaint.startsWith('the final reads'))

test('final reads refused with status 401 or 403 are reported, with advice to set "sends"', () => {
  expect(complaints(['x', 401], ['x', 401], ['y', 200])).toEqual([
    'the final reads of 1 key were refused with status 401, since they carry none of the clients\' credentials. Add the credentials to the route table: "sends": {"header.Authorization": "Bearer …"}',
  ])
  expect(complaints(['x', 403], ['y', 403])[0]).toMatch(/^the final reads of 2 keys were refused with status 403/)
})

test('final reads are not reported as refused if one read of the key succeeded or the status is 503', () => {
  expect(complaints(['x', 401], ['x', 200])).toEqual([])
  expect(complaints(['x', 503])).toEqual([])
})
