import { nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../src/record/recorder.ts'
import { asks, asksAs, eventTexts, ok, read, recording, write } from '../../record/in-memory.ts'

describe('a named client', () => {
  test('a named client is one process across connections for consecutive requests', () => {
    const { client, backend, connect, now } = recording()
    for (const value of [1, 2]) {
      const exchange = connect().beginWhole(now())
      exchange.called(asksAs('alice', write(value)))
      exchange.forwarded(now())
      exchange.answered(now(), ok(value))
      exchange.delivered(now(), ok(value))
    }
    for (const view of [client, backend])
      expect(eventTexts(view)).toEqual([
        '0 invoke write x=1 as alice',
        '0 ok write x=1',
        '0 invoke write x=2 as alice',
        '0 ok write x=2',
      ])
  })

  test('a named client has several processes in one session for concurrent requests', () => {
    const { client, connect, now } = recording()
    for (let i = 0; i < 2; i++) connect().beginWhole(now()).called(asksAs('alice', read))
    expect(eventTexts(client)).toEqual(['0 invoke read x=null as alice', '1 invoke read x=null as alice'])
  })

  test('a named client is distinct from other clients on its connection', () => {
    const { client, connection, now, recorder } = recording()
    for (const name of ['alice', 'bob', undefined]) {
      const exchange = connection.beginWhole(now())
      exchange.called(asksAs(name, read))
      exchange.forwarded(now())
      exchange.delivered(now(), ok(1))
    }
    expect(eventTexts(client).filter((event) => event.includes('invoke'))).toEqual([
      '0 invoke read x=null as alice',
      '1 invoke read x=null as bob',
      '2 invoke read x=null',
    ])
    expect(recorder.counters.unnamed).toBe(1)
  })

  test('a named client gets a new process for a request that began to arrive during another operation of the client', () => {
    const { client, connect, now } = recording()
    const slow = connect().begin(now())
    const quick = connect().beginWhole(now())
    quick.called(asksAs('alice', read))
    quick.forwarded(now())
    quick.delivered(now(), ok(1))
    slow.called(asksAs('alice', write(2)))
    expect(eventTexts(client)).toEqual([
      '1 invoke write x=2 as alice',
      '0 invoke read x=null as alice',
      '0 ok read x=1',
    ])
    expect(() => client.history).not.toThrow()
  })

  test('the copies that the proxy sends do not belong to the named client', () => {
    const { client, backend, connection, now } = recording()
    const original = connection.beginWhole(now())
    original.called(asksAs('alice', write(1)))
    original.forwarded(now())
    connection.duplicate(original, now()).forwarded(now())
    expect(eventTexts(client)).toEqual(['0 invoke write x=1 as alice'])
    expect(eventTexts(backend)).toEqual(['0 invoke write x=1 as alice', "1 invoke write x=1 as the proxy's copy 1"])
  })
})

describe('the way in which a record identifies clients', () => {
  test('a record identifies clients by connection until a header or a command names clients', () => {
    const { recorder } = recording()
    expect(recorder.sessions).toEqual({ by: 'connection', named: false })
    recorder.clientsBy({ by: 'connection', named: false })
    expect(recorder.sessions).toEqual({ by: 'connection', named: false })
    recorder.clientsBy({ by: 'header.X-Client', named: true })
    recorder.clientsBy({ by: 'header.X-Client', named: true })
    recorder.clientsBy({ by: 'CLIENT SETNAME', named: true })
    expect(recorder.sessions).toEqual({ by: 'header.X-Client, CLIENT SETNAME', named: true })
  })

  test('the option "sessions" of createRecorder sets the way in which a record identifies clients', () => {
    const sink = { write: () => undefined }
    const sessions = { by: 'bearer', named: true }
    expect(createRecorder({ now: () => nanos(0), client: sink, sessions }).sessions).toEqual(sessions)
  })

  test('an operation without a client name is recorded without a session, and counted as unnamed', () => {
    const { client, connection, now, recorder } = recording()
    connection.beginWhole(now()).called(asks(read))
    connection.beginWhole(now()).called({ kind: 'passed-on', what: 'GET /', touches: 'nothing' })
    expect(recorder.counters.unnamed).toBe(1)
    expect(eventTexts(client)[0]).toBe('0 invoke read x=null')
  })
})
