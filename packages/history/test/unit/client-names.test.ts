import { expect, test } from 'vitest'
import {
  callerInWords,
  clientInWords,
  clientName,
  type EventInput,
  type Header,
  historyFromEvents,
} from '../../src/index.ts'

function namesIn(
  sessions: readonly (string | undefined)[],
  header: Header['sessions'],
): readonly (readonly string[])[] {
  const events = sessions.flatMap((session, process): EventInput[] => [
    { process, type: 'invoke', f: 'read', key: 'x', value: null, ...(session === undefined ? {} : { session }) },
    { process, type: 'ok', f: 'read', key: 'x', value: null },
  ])
  const history = historyFromEvents(events, { header: { chaos: 1, model: 'register', sessions: header } })
  return sessions.map((_, process) => [clientName(history, process), clientInWords(history, process)])
}

test('a client of a run is named by its number in the run, and not in the recording', () => {
  expect(namesIn(['process-11', 'process-11:final', 'process-3'], { by: 'header.Chaos-Session', named: true })).toEqual(
    [
      ['11', 'client 11'],
      ['11', 'client 11'],
      ['3', 'client 3'],
    ],
  )
})

test('a client is named by the session of its process, or else by the number of the process', () => {
  expect(namesIn(['c4', 'c4', undefined], { by: 'header.X-Client', named: true })).toEqual([
    ['c4', 'client c4'],
    ['c4', 'client c4'],
    ['2', 'process 2'],
  ])
})

test('a long client name is shortened', () => {
  const [[, long = ''] = []] = namesIn(['x'.repeat(1000)], { by: 'header.X-Client', named: true })
  expect(long).toHaveLength('client '.length + 60)
})

test('the client of an invocation is named by its session, or else by its process', () => {
  expect(callerInWords({ process: 5, session: 'c4' })).toBe('client c4')
  expect(callerInWords({ process: 5, session: 'process-7' })).toBe('client 7')
  expect(callerInWords({ process: 5, session: 'connection 3' })).toBe('connection 3')
  expect(callerInWords({ process: 5 })).toBe('process 5')
})
