import { type Event, nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { createRunRecorder } from '../../src/clients/recorder.ts'

test('a reply is recorded at the node that the client reports, or else at the node that was asked', () => {
  const events: Event[] = []
  const recorder = createRunRecorder({ append: (event) => events.push(event) }, () => nanos(0))
  const input = { f: 'write', key: 'x', value: 1 }
  const invocation = { process: recorder.newProcess(), node: 'n2', input, harmless: false, final: false }
  recorder.invoked(invocation)
  recorder.completed(invocation, { type: 'ok', value: 1, node: 'n1' })
  recorder.invoked(invocation)
  recorder.completed(invocation, { type: 'fail', error: 'not asked' })
  expect(events.map(({ type, node }) => `${type} ${node}`)).toEqual(['invoke n2', 'ok n1', 'invoke n2', 'fail n2'])
})
