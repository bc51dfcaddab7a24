import { describe, expect, test } from 'vitest'
import { recorded } from '../../redis/recorded.ts'

/** Replies to each command with its answer; sends nothing to a command without an answer. */
function scripted(answers: { readonly [command: string]: string }) {
  return (words: readonly string[]): string => answers[words.join(' ')] ?? ''
}

const touched = (marks: readonly string[], key: string) => marks.some((mark) => mark.startsWith(`touched ${key}:`))

describe('a hash field first accessed during the deletion of the hash', () => {
  test('a hash field first seen during a DEL of the hash is not recorded, and marks the hash as possibly changed', () => {
    const { client, connect, told, marks } = recorded({
      answer: scripted({ 'HSET h f 1': ':1\r\n' }),
    })
    client.send('DEL h\r\n')
    expect(told()).toContain('0 invoke write h=null')
    const other = connect()
    other.send('HSET h f 1\r\n')
    expect(told()).not.toContainEqual(expect.stringContaining('h[f]'))
    expect(touched(marks(), 'h')).toBe(true)
  })

  test('while a DEL of a hash is queued for EXEC, a new field of the hash is recorded, and later its deletion', () => {
    const { connect, told, ask } = recorded({
      answer: scripted({
        MULTI: '+OK\r\n',
        'DEL h': '+QUEUED\r\n',
        'HSET h f 1': ':1\r\n',
        EXEC: '*1\r\n:1\r\n',
      }),
    })
    ask('MULTI\r\n')
    ask('DEL h\r\n')
    const other = connect()
    other.send('HSET h f 1\r\n')
    ask('EXEC\r\n')
    expect(told().filter((line) => line.includes('h[f]=null'))).toEqual([
      expect.stringContaining('invoke write h[f]=null'),
      expect.stringContaining('ok write h[f]=null'),
    ])
  })

  test('a new field of a hash is not recorded while one of two DELs of the hash is unanswered', () => {
    const replies = ['', ':1\r\n', ':1\r\n']
    const { client, connect, told, marks } = recorded({ answer: () => replies.shift() ?? '' })
    client.send('DEL h\r\n')
    const other = connect()
    other.send('DEL h\r\n')
    other.send('HSET h f 1\r\n')
    expect(told()).not.toContainEqual(expect.stringContaining('h[f]'))
    expect(touched(marks(), 'h')).toBe(true)
  })

  test('a field of a hash is recorded as a register again once an EXEC has deleted the hash', () => {
    const { told, ask } = recorded({
      answer: scripted({
        MULTI: '+OK\r\n',
        'DEL h': '+QUEUED\r\n',
        EXEC: '*1\r\n:1\r\n',
        'HSET h f 1': ':1\r\n',
      }),
    })
    for (const text of ['MULTI', 'DEL h', 'EXEC', 'HSET h f 1']) ask(`${text}\r\n`)
    expect(told().at(-1)).toContain('ok write h[f]="1"')
  })

  test('a field of a hash is recorded as a register again once the hash is deleted', () => {
    const { told, ask } = recorded({ answer: scripted({ 'DEL h': ':0\r\n', 'HSET h f 1': ':1\r\n' }) })
    ask('DEL h\r\n')
    ask('HSET h f 1\r\n')
    expect(told().at(-1)).toContain('ok write h[f]="1"')
  })
})

describe('a hash field first accessed during the deletion of all keys', () => {
  const written = { 'HSET h f 1': ':1\r\n' }

  test.each(['FLUSHALL', 'FLUSHDB'])(
    'a new hash field is not recorded as a register while %s is unanswered',
    (flush) => {
      const { client, connect, told } = recorded({ answer: scripted(written) })
      client.send(`${flush}\r\n`)
      connect().send('HSET h f 1\r\n')
      expect(told()).not.toContainEqual(expect.stringContaining('h[f]'))
    },
  )

  test.each([
    ['FLUSHALL', false],
    ['DEL x', true],
  ])('whether a new hash field is recorded as a register while an EXEC of %s is unanswered: %s', (text, isRecorded) => {
    const { client, connect, told } = recorded({
      answer: scripted({ ...written, MULTI: '+OK\r\n', FLUSHALL: '+QUEUED\r\n', 'DEL x': '+QUEUED\r\n' }),
    })
    for (const each of ['MULTI', text, 'EXEC']) client.send(`${each}\r\n`)
    connect().send('HSET h f 1\r\n')
    expect(told().some((line) => line.includes('h[f]'))).toBe(isRecorded)
  })

  test.each(['FLUSHALL', 'FLUSHDB'])('a new hash field is recorded as a register after the reply to %s', (flush) => {
    const { told, ask } = recorded({ answer: scripted({ ...written, [flush]: '+OK\r\n' }) })
    ask(`${flush}\r\n`)
    ask('HSET h f 1\r\n')
    expect(told().at(-1)).toContain('ok write h[f]="1"')
  })
})

test('a SET after a failed SELECT in a Redis transaction marks every key as possibly changed', () => {
  const { marks, ask } = recorded({
    answer: scripted({
      MULTI: '+OK\r\n',
      'SELECT 99': '+QUEUED\r\n',
      'SET x 2': '+QUEUED\r\n',
      EXEC: '*2\r\n-ERR DB index is out of range\r\n+OK\r\n',
    }),
  })
  ask('MULTI\r\n')
  ask('SELECT 99\r\n')
  ask('SET x 2\r\n')
  ask('EXEC\r\n')
  expect(touched(marks(), '*')).toBe(true)
})

describe('a Redis client that changes its name', () => {
  const answer = scripted({
    'CLIENT SETNAME a': '+OK\r\n',
    'CLIENT SETNAME b': '+OK\r\n',
    'CLIENT SETNAME c': '-NOPERM\r\n',
    'GET x': '$-1\r\n',
  })

  test('the new name of a Redis client applies to pipelined requests at once, but not if the server refuses it', () => {
    const { views, ask } = recorded({ answer })
    ask('CLIENT SETNAME a\r\n')
    ask('GET x\r\n')
    ask('CLIENT SETNAME b\r\nGET x\r\n')
    ask('GET x\r\n')
    ask('CLIENT SETNAME c\r\n')
    ask('GET x\r\n')
    const sessions = views.client.filter(({ type, f }) => type === 'invoke' && f === 'read')
    expect(sessions.map(({ session }) => session)).toEqual(['a', 'b', 'b', 'b'])
  })

  test('a Redis client has no known name after CLIENT SETNAME in a transaction', () => {
    const { views, ask } = recorded({
      answer: (words) =>
        words[0] === 'MULTI' || words[2] === 'a'
          ? '+OK\r\n'
          : words[0] === 'EXEC'
            ? '*1\r\n+OK\r\n'
            : words[0] === 'GET'
              ? '$-1\r\n'
              : '+QUEUED\r\n',
    })
    ask('CLIENT SETNAME a\r\n')
    ask('MULTI\r\n')
    ask('CLIENT SETNAME b\r\n')
    ask('EXEC\r\n')
    ask('GET x\r\n')
    expect(views.client.find(({ type, f }) => type === 'invoke' && f === 'read')?.['session']).toBeUndefined()
  })
})
