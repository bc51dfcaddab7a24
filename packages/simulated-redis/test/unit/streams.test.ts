import { expect, test } from 'vitest'
import { printReply } from '../../src/reply.ts'
import { execute, giveUp } from '../../src/server/execute.ts'
import { createSession, type Session } from '../../src/session.ts'
import { Store } from '../../src/store.ts'

const store = new Store(() => 0)
const said = (session: Session): string => {
  const text = session.outbox.map((reply) => printReply(reply, session.protocol)).join('')
  session.outbox = []
  return text.replaceAll('\r\n', ' ').trimEnd()
}
const ask = (session: Session, line: string, now = 0): string => {
  execute(store, session, line.split(' '), now)
  return said(session)
}

test('a blocked stream reader receives entries that are added after its request', () => {
  const [reader, writer] = [createSession(1), createSession(2)]
  ask(writer, 'XADD s 1-1 f old')
  expect(ask(reader, 'XREAD BLOCK 100 STREAMS s $')).toBe('')
  ask(writer, 'XADD s 1-2 f new')
  expect(said(reader)).toBe('*1 *2 $1 s *1 *2 $3 1-2 *2 $1 f $3 new')
})

test('an entry is delivered to one of two blocked consumers of a group, and the other times out', () => {
  const [one, other, writer] = [createSession(1), createSession(2), createSession(3)]
  ask(writer, 'XGROUP CREATE jobs g $ MKSTREAM')
  expect(ask(one, 'XREADGROUP GROUP g one BLOCK 100 STREAMS jobs >')).toBe('')
  expect(ask(other, 'XREADGROUP GROUP g other BLOCK 100 STREAMS jobs >')).toBe('')
  ask(writer, 'XADD jobs 5-0 n 1', 50)
  expect(said(one)).toContain('5-0')
  giveUp(store, other, 150)
  expect(said(other)).toBe('*-1')
  expect(ask(writer, 'XPENDING jobs g - + 10', 150)).toBe('*1 *4 $3 5-0 $3 one :100 :1')
})

test('generated stream IDs follow the clock of the server, and never decrease', () => {
  const session = createSession(1)
  expect(ask(session, 'XADD ids * f 1', 1_000)).toBe('$6 1000-0')
  expect(ask(session, 'XADD ids * f 2', 900)).toBe('$6 1000-1')
  expect(ask(session, 'XADD ids * f 3', 1_001)).toBe('$6 1001-0')
})

test('an approximate trim removes only whole nodes of 100 entries, and an exact trim removes the rest', () => {
  const session = createSession(1)
  for (let i = 1; i <= 250; i++) ask(session, `XADD long ${i} f v`)
  expect(ask(session, 'XTRIM long MAXLEN ~ 100')).toBe(':100')
  expect(ask(session, 'XTRIM long MAXLEN = 100')).toBe(':50')
})

test('an unacknowledged entry can be claimed only after it has been idle for the given time', () => {
  const session = createSession(1)
  ask(session, 'XADD work 1 f v')
  ask(session, 'XGROUP CREATE work g 0')
  ask(session, 'XREADGROUP GROUP g gone STREAMS work >', 0)
  expect(ask(session, 'XAUTOCLAIM work g heir 1000 0 JUSTID', 999)).toBe('*3 $3 0-0 *0 *0')
  expect(ask(session, 'XAUTOCLAIM work g heir 1000 0 JUSTID', 1_000)).toBe('*3 $3 0-0 *1 $3 1-0 *0')
  expect(ask(session, 'XACK work g 1-0')).toBe(':1')
})
