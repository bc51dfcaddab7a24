import { describe, expect, test } from 'vitest'
import { findRecordedProtocol, recordedExamples, takenProtocolNames } from '../../../src/protocols/lookup.ts'
import { recordedProtocols } from '../../../src/protocols/registry.ts'
import { type OwnProtocol, ownProtocol } from '../../../src/spoken/own-protocol.ts'
import { eventTexts, recording } from '../../record/in-memory.ts'

const framingOf = (scan: (bytes: Buffer, start: number) => number) => {
  const own: OwnProtocol = {
    name: 'tiny',
    port: 1,
    model: 'register',
    scanner: () => ({ scan }),
    asked(request) {
      if (request.toString() === '?') throw new Error('no line of it')
      return { f: 'write', key: 'x', value: request.toString() }
    },
    answered: () => ({ type: 'ok', value: null }),
  }
  return ownProtocol(own).framing
}

describe('the scanner of a custom protocol', () => {
  test.each([2, 4, -1, -2])(
    'a custom scanner may return %d as the end of a message if it scans 4 bytes from position 1',
    (end) => {
      const { scan } = framingOf(() => end).scanner('requests')
      expect(scan(Buffer.from('abcd'), 1)).toBe(end)
    },
  )

  test.each([1, 0, 5, -3, 1.5, Number.NaN, undefined as never])(
    'a custom scanner must not return %d as the end of a message if it scans 4 bytes from position 1',
    (end) => {
      const { scan } = framingOf(() => end).scanner('requests')
      expect(() => scan(Buffer.from('abcd'), 1)).toThrow(
        `the scanner of tiny returned ${end} for 4 bytes from 1. Return the position after the message's last byte, -1`,
      )
    },
  )

  test('a custom protocol has no command for a request that it cannot read', () => {
    const { command } = framingOf(() => -1)
    expect(command?.(Buffer.from('?'))).toBeUndefined()
    expect(command?.(Buffer.from('1'))).toEqual({ name: 'WRITE', key: 'x' })
  })
})

/** A protocol of lines: `? key` reads, `= key value` writes, and any other line is passed on. */
const lines: OwnProtocol = {
  name: 'lines',
  port: 7,
  model: 'register',
  scanner: () => ({ scan: (bytes, start) => bytes.indexOf('\n', start) + 1 || -1 }),
  asked(request) {
    const [sign, key = '', value = ''] = request.toString().trimEnd().split(' ')
    if (sign === '?') return { f: 'read', key, value: null, harmless: true, final: value === 'final' }
    return sign === '=' ? { f: 'write', key, value } : { passes: 'a greeting', touches: { keys: ['g'] } }
  },
  answered: ({ value }, reply) =>
    reply.toString() === 'no\n'
      ? { type: 'fail', error: 'no' }
      : { type: 'ok', value: value ?? reply.toString().trimEnd() },
}

describe('the record of a protocol of one’s own', () => {
  async function recorded(protocol: OwnProtocol, members: object, asks: string, answers: string) {
    const { recorder, client } = recording()
    const spoken = ownProtocol(protocol).parse({ ...members }, '--as')
    const { open, client: by } = await spoken.record({ recorder, node: 'n1' })
    const conversation = open({ host: '10.0.0.1', naming: { kind: 'fixed', session: 'a' } })
    conversation.requested(Buffer.from(asks), recorder.now())
    conversation.sent(asks.length, recorder.now())
    conversation.answered(Buffer.from(answers))
    conversation.delivered(answers.length)
    const finals = client.lines.map((line) => (JSON.parse(line) as { final?: boolean }).final)
    return { lines: eventTexts(client), recorder, by, finals }
  }

  test('operations of a custom protocol are recorded, and the keys of its other requests are marked as possibly changed', async () => {
    const {
      lines: said,
      recorder,
      finals,
    } = await recorded(lines, {}, '= x 1\n? x final\nHELLO\n= x 2\n', 'ok\n1\nhi\nno\n')
    expect(said).toEqual([
      ...['0 invoke write x="1" as a', '1 invoke read x=null as a'],
      'passed-on: {"what":"a greeting","count":1,"mayWrite":true}',
      '2 invoke write x="2" as a',
      'touched g: {"what":"a greeting","why":"the request may have written, and is not recorded as an operation"}',
      ...['0 ok write x="1"', '1 ok read x="1"', '2 fail write x'],
    ])
    expect(finals.filter((final) => final === true)).toHaveLength(1)
    expect(recorder.sessions).toEqual({ by: 'connection', named: false })
    expect(recorder.initial).toBe('unknown')
  })

  test('an unanswered operation of a custom protocol has an unknown outcome unless it is declared harmless', async () => {
    const { recorder, client } = recording()
    const { open } = await ownProtocol(lines).parse({}, '--as').record({ recorder, node: 'n1' })
    const conversation = open({ host: '10.0.0.1', naming: { kind: 'fixed', session: 'a' } })
    conversation.requested(Buffer.from('= x 1\n? x\n'), recorder.now())
    conversation.sent(10, recorder.now())
    conversation.closed()
    expect(eventTexts(client).slice(2)).toEqual(['0 info write x', '1 fail read x'])
  })

  test('the record of a custom protocol has the initial values and client names that its settings declare', async () => {
    const given = { client: 'peer.address', initial: { value: 0 }, commands: 'counter' }
    const { recorder, by } = await recorded(lines, given, '? x\n', '1\n')
    expect([recorder.sessions, recorder.initial, by]).toEqual([{ by: 'peer.address', named: true }, 0, 'peer.address'])
    const { model, initial, client } = ownProtocol(lines).parse(given, '--as')
    expect([model, initial, client]).toEqual(['counter', { value: 0 }, 'peer.address'])
    expect(ownProtocol(lines).parse({}, '--as')).toMatchObject({ model: 'register', initial: 'unknown' })
  })

  test.each<readonly [object, string]>([
    [{ tables: 1 }, '--as: unknown member "tables". Known: commands, client, initial.'],
    [{ commands: 7 }, '--as: "commands" must be the name of a model.'],
    [{ initial: 7 }, '--as: "initial" is 7. Give "unknown", or {"value": null}.'],
    [{ initial: null }, '--as: "initial" is null.'],
    [{ initial: {} }, '--as: "initial" is {}.'],
    [
      { client: 'name' },
      '--as: "client" is "name". Give peer.process, peer.address, connection, or leave "client" out',
    ],
  ])('a custom protocol is refused if its settings are %j', (given, message) => {
    expect(() => ownProtocol(lines).parse({ ...given }, '--as')).toThrow(message)
  })

  test('a fault reads a message of a custom protocol as text, and can replace the message only by text', () => {
    const { framing, kind, schemes, finalReads, needsSettings } = ownProtocol(lines)
    expect([kind, schemes, finalReads, needsSettings]).toEqual([
      'lines',
      { lines: { port: 7, isSecure: false } },
      undefined,
      false,
    ])
    expect(framing.read(Buffer.from('= x 1\n'))).toBe('= x 1\n')
    expect(framing.write('x', 'requests').toString()).toBe('x')
    expect(() => framing.write(7, 'requests')).toThrow('a message of lines must be a string')
    expect(framing.command?.(Buffer.from('HELLO'))).toBeUndefined()
  })

  test('a custom protocol can define its own final reads', () => {
    const reads = {
      ask: (key: string) => `? ${key}`,
      understood: (answer: string) => ({ type: 'ok', value: answer }) as const,
    }
    const { finalReads } = ownProtocol({ ...lines, finalReads: reads })
    expect(finalReads?.('register')?.ask('x')).toBe('? x')
    expect(finalReads?.('register')?.understood('7')).toEqual({ type: 'ok', value: '7' })
  })
})

describe('the recorded protocols', () => {
  const [redis, postgresql, mysql] = ['resp', 'postgresql', 'mysql'].map(findRecordedProtocol)

  test('recorded protocols are found by kind, and a custom protocol cannot take one of their names', () => {
    expect([redis, postgresql, mysql].map((protocol) => protocol?.kind)).toEqual(['resp', 'postgresql', 'mysql'])
    expect(findRecordedProtocol('redis')).toBeUndefined()
    expect(recordedExamples()).toMatch(/^resp, or '\{"kind":"postgresql".*, or '\{"kind":"mysql"/)
    const names = [...recordedProtocols.map(({ kind }) => kind), 'http', 'http2', 'https', 'tcp', 'tls', 'unix']
    expect(takenProtocolNames()).toEqual(expect.arrayContaining(names))
  })

  test('recorded protocols have the default ports and URL schemes of their servers', () => {
    expect(redis).toMatchObject({
      needsSettings: false,
      resends: true,
      schemes: { redis: { port: 6379, isSecure: false }, rediss: { port: 6379, isSecure: true } },
    })
    expect(postgresql).toMatchObject({
      needsSettings: true,
      schemes: { postgres: { port: 5432 }, postgresql: { port: 5432 } },
    })
    expect(mysql).toMatchObject({ needsSettings: true, schemes: { mysql: { port: 3306 } } })
  })

  test.each([
    ['resp', {}, 'CLIENT SETNAME or AUTH'],
    ['postgresql', { table: 'kv', initial: { value: null } }, 'application_name'],
    ['mysql', { tables: { kv: { key: 'id', values: ['v'] } } }, 'program_name'],
  ])('a recorded protocol is loaded when a server is first recorded: %s', async (kind, members, named) => {
    const { recorder } = recording()
    const spoken = findRecordedProtocol(kind)?.parse(members, '--as')
    const served = await spoken?.record({ recorder, node: 'n1' })
    expect(recorder.sessions).toEqual({ by: named, named: true })
    expect(recorder.initial).toBe(kind === 'postgresql' ? null : 'unknown')
    expect(served?.open({ host: '10.0.0.1', naming: { kind: 'said' } }).isFull).toBe(false)
    await spoken?.readInitially({ recorder, node: 'n1' }, async () => ({
      ask: async () => ['0', []],
      unusable: () => new Error('no') as never,
      close: () => undefined,
    }))
  })
})
