import { expect, test } from 'vitest'
import { textWithoutSecrets, wordsWithoutSecrets } from '../../src/result/secrets.ts'

const SECRET = 'h0rse-Battery'

test.each([
  ['curl', '-u', `root:${SECRET}`],
  ['curl', '--user', `root:${SECRET}`],
  ['curl', '-H', `Authorization: Bearer ${SECRET}`],
  ['curl', '-H', `X-Auth: Bearer ${SECRET}`],
  ['curl', '-H', `Proxy: Basic ${SECRET}`],
  ['redis-server', '--requirepass', SECRET],
  ['redis-server', `--requirepass=${SECRET}`],
  ['redis-server', '--masterauth', SECRET],
  ['redis-cli', '-a', SECRET, 'ping'],
  ['/usr/bin/valkey-cli', '-a', SECRET],
  ['mysql', `-p${SECRET}`],
  ['psql', `postgres://app:${SECRET}@db/app`],
  ['app', '--password', SECRET],
  ['app', `TOKEN=${SECRET}`],
])('a secret is removed from the command %s %s %s', (...words) => {
  expect(wordsWithoutSecrets(words).join(' ')).not.toContain(SECRET)
  expect(textWithoutSecrets(words.join(' '))).not.toContain(SECRET)
})

test.each(['ghp_', 'github_pat_', 'sk-', 'sk_live_', 'AKIA', 'xoxb-', 'eyJ'])(
  'a token that begins with %s is removed from any place in a command',
  (prefix) => {
    const token = `${prefix}0123456789ABCDEF`
    expect(wordsWithoutSecrets(['app', token, `--for=${token}`]).join(' ')).not.toContain(token)
    expect(textWithoutSecrets(`app "${token}" 1`)).not.toContain(token)
  },
)

test.each([
  ['ls', '-a', 'directory'],
  ['sort', '-u', 'file.txt'],
  ['docker', 'run', '-u', 'app', 'image'],
  ['node', 'server.js', '-p', '8080'],
  ['node', 'task-sk-eyJ.js'],
])('a command without secrets is unchanged: %s %s %s', (...words) => {
  expect(wordsWithoutSecrets(words)).toEqual(words)
  expect(textWithoutSecrets(words.join(' '))).toBe(words.join(' '))
})
