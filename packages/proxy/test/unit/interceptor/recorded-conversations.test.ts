import { nanos } from '@chaosproxy/history'
import type { ServerRecording } from '@chaosproxy/recorder/protocols'
import { describe, expect, test } from 'vitest'
import type { Exit } from '../../../src/interceptor/interceptor.ts'
import { recordConversations } from '../../../src/interceptor/recorded-conversations.ts'

type Client = ServerRecording['client']

/** A recorded connection without sockets, whose calls are noted in order. */
function recorded(client?: Client) {
  const calls: string[] = []
  const note =
    (name: string) =>
    (...given: readonly unknown[]) =>
      void calls.push([name, ...given.map(String)].join(' '))
  const passing: { act: () => void } = { act: () => undefined }
  const exitOf = (name: string): Exit => ({
    pass(bytes) {
      note(`${name} pass`)(bytes)
      passing.act()
      return bytes.length === 1
    },
    end: note(`${name} end`),
    reset: note(`${name} reset`),
    setReading: note(`${name} reading`),
    congested: false,
  })
  const read = Object.assign(
    { isFull: false },
    Object.fromEntries(
      ['requested', 'answered', 'hungUp', 'sent', 'altered', 'ended', 'delivered', 'disturbed', 'closed'].map(
        (name) => [name, note(name)],
      ),
    ),
  )
  const namings: unknown[] = []
  const open = (connection: unknown) => {
    namings.push(connection)
    return read
  }
  const relieved: (() => void)[] = []
  const queue = { congested: false, whenRelieved: (callback: () => void) => void relieved.push(callback) }
  let now = 0
  const recording = { client, open } as unknown as ServerRecording
  const { requests, responses, disturbed, closed } = recordConversations(recording, { now: () => nanos(++now) }, [
    queue,
  ])({
    ...{ id: 7, client: { host: '10.0.0.1', port: 1 }, peerProcess: 'python3 4711' },
    ...{ requests: exitOf('to server'), responses: exitOf('to client') },
    ...{ dial: note('dial'), abort: note('abort'), guard: (act) => act() },
  })
  return {
    requests,
    responses,
    disturbed,
    closed,
    read,
    queue,
    relieved,
    namings,
    passing,
    since: () => calls.splice(0),
  }
}

describe('a recorded connection', () => {
  test('a recorded connection is dialled immediately, and its bytes are read by the recorder before they are passed on', () => {
    const { requests, responses, disturbed, closed, since } = recorded()
    expect(since()).toEqual(['dial'])
    expect([requests.receive(Buffer.from('a')), requests.receive(Buffer.from('bc'))]).toEqual([true, false])
    expect(since()).toEqual(['requested a 1', 'to server pass a', 'requested bc 2', 'to server pass bc'])
    expect([responses.receive(Buffer.from('d')), responses.receive(Buffer.from('ef'))]).toEqual([true, false])
    expect(since()).toEqual(['answered d', 'to client pass d', 'answered ef', 'to client pass ef'])
    requests.delivered(3)
    requests.altered?.()
    responses.delivered(4)
    disturbed?.([Buffer.from('g')])
    disturbed?.()
    closed()
    expect(since()).toEqual(['sent 3 3', 'altered', 'delivered 4', 'disturbed g', 'disturbed ', 'closed'])
  })

  test('bytes sent while they are being passed on are reported with their arrival time as sending time', () => {
    const { requests, passing, since } = recorded()
    since()
    passing.act = () => requests.delivered(5)
    requests.receive(Buffer.from('a'))
    expect(since()).toEqual(['requested a 1', 'to server pass a', 'sent 5 1'])
    requests.delivered(6)
    expect(since()).toEqual(['sent 6 2'])
  })

  test.each(['end', 'reset'] as const)(
    'a recorded connection passes on the %s of each direction, and reports it',
    (how) => {
      const { requests, responses, since } = recorded()
      since()
      requests[how]()
      responses[how]()
      expect(since()).toEqual([
        'hungUp',
        `to server ${how}`,
        `ended the server ${how === 'end' ? 'ended' : 'reset'} the connection`,
        `to client ${how}`,
      ])
    },
  )

  test('a recorded connection does not pause its client twice while its reader is full or a queue has a backlog', () => {
    const { requests, responses, read, queue, relieved, since } = recorded()
    const [ask, answer] = [() => requests.receive(Buffer.from('a')), () => responses.receive(Buffer.from('b'))]
    const reading = () => since().filter((call) => call.includes('reading'))
    read.isFull = true
    ask()
    ask()
    expect(reading()).toEqual(['to server reading false'])
    queue.congested = true
    answer()
    answer()
    expect([reading(), relieved.length]).toEqual([[], 1])
    read.isFull = false
    answer()
    expect(reading()).toEqual([])
    queue.congested = false
    relieved[0]?.()
    expect(reading()).toEqual(['to server reading true'])
  })

  test.each<readonly [Client, object]>([
    [undefined, { kind: 'said' }],
    ['peer.process', { kind: 'fixed', session: 'python3 4711' }],
    ['peer.address', { kind: 'fixed', session: '10.0.0.1' }],
    ['connection', { kind: 'fixed', session: 'connection 7' }],
  ])('if clients are identified by %s, a recorded connection has the naming %j', (client, naming) => {
    expect(recorded(client).namings).toEqual([{ host: '10.0.0.1', naming }])
  })
})
