import { describe, expect, test } from 'vitest'
import { recorded } from './recorded.ts'

/** Answers in the order in which they are given; to a command without any, nothing. */
function scripted(answers: { readonly [command: string]: string }) {
  return (words: readonly string[]): string => answers[words.join(' ')] ?? ''
}

const touched = (marks: readonly string[], key: string) => marks.some((mark) => mark.startsWith(`touched ${key}:`))

describe('a field first read while its hash is being deleted', () => {
  test('is no register, because its deletion would not be in the record', async () => {
    const { client, connect, told, marks } = await recorded({
      answer: scripted({ 'HSET h f 1': ':1\r\n' }),
    })
    client.socket.write('DEL h\r\n')
    await expect.poll(told).toContain('0 invoke write h=null')
    const other = await connect()
    other.socket.write('HSET h f 1\r\n')
    await other.until((received) => received.length >= 4)
    expect(told()).not.toContainEqual(expect.stringContaining('h[f]'))
    expect(touched(marks(), 'h')).toBe(true)
  })

  test('is no register even if a transaction deletes the hash at its end', async () => {
    const { connect, told, ask } = await recorded({
      answer: scripted({
        MULTI: '+OK\r\n',
        'DEL h': '+QUEUED\r\n',
        'HSET h f 1': ':1\r\n',
        EXEC: '*1\r\n:1\r\n',
      }),
    })
    await ask('MULTI\r\n', 5)
    await ask('DEL h\r\n', 9)
    const other = await connect()
    other.socket.write('HSET h f 1\r\n')
    await other.until((received) => received.length >= 4)
    await ask('EXEC\r\n', 8)
    expect(told().filter((line) => line.includes('h[f]=null'))).toEqual([
      expect.stringContaining('invoke write h[f]=null'),
      expect.stringContaining('ok write h[f]=null'),
    ])
  })

  test('is a register again once the hash is deleted', async () => {
    const { told, ask } = await recorded({ answer: scripted({ 'DEL h': ':0\r\n', 'HSET h f 1': ':1\r\n' }) })
    await ask('DEL h\r\n', 4)
    await ask('HSET h f 1\r\n', 4)
    expect(told().at(-1)).toContain('ok write h[f]="1"')
  })
})

test('commands after a failed SELECT in a transaction mark every key', async () => {
  const { marks, ask } = await recorded({
    answer: scripted({
      MULTI: '+OK\r\n',
      'SELECT 99': '+QUEUED\r\n',
      'SET x 2': '+QUEUED\r\n',
      EXEC: '*2\r\n-ERR DB index is out of range\r\n+OK\r\n',
    }),
  })
  await ask('MULTI\r\n', 5)
  await ask('SELECT 99\r\n', 9)
  await ask('SET x 2\r\n', 9)
  await ask('EXEC\r\n', 40)
  expect(touched(marks(), '*')).toBe(true)
})

describe('a client that changes its name', () => {
  const answer = scripted({
    'CLIENT SETNAME a': '+OK\r\n',
    'CLIENT SETNAME b': '+OK\r\n',
    'CLIENT SETNAME c': '-NOPERM\r\n',
    'GET x': '$-1\r\n',
  })

  test('has the new name for what follows at once, and the old one if the new one is refused', async () => {
    const { views, ask } = await recorded({ answer })
    await ask('CLIENT SETNAME a\r\n', 5)
    await ask('GET x\r\n', 5)
    await ask('CLIENT SETNAME b\r\nGET x\r\n', 10)
    await ask('GET x\r\n', 5)
    await ask('CLIENT SETNAME c\r\n', 9)
    await ask('GET x\r\n', 5)
    const sessions = views.client.filter(({ type, f }) => type === 'invoke' && f === 'read')
    expect(sessions.map(({ session }) => session)).toEqual(['a', 'b', 'b', 'b'])
  })

  test('has no known name after a name in a transaction', async () => {
    const { views, ask } = await recorded({
      answer: (words) =>
        words[0] === 'MULTI' || words[2] === 'a'
          ? '+OK\r\n'
          : words[0] === 'EXEC'
            ? '*1\r\n+OK\r\n'
            : words[0] === 'GET'
              ? '$-1\r\n'
              : '+QUEUED\r\n',
    })
    await ask('CLIENT SETNAME a\r\n', 5)
    await ask('MULTI\r\n', 5)
    await ask('CLIENT SETNAME b\r\n', 9)
    await ask('EXEC\r\n', 9)
    await ask('GET x\r\n', 5)
    expect(views.client.find(({ type, f }) => type === 'invoke' && f === 'read')?.['session']).toBeUndefined()
  })
})
