import { expect, test } from 'vitest'
import { textWithoutSecrets, wordsWithoutSecrets } from '../src/result/secrets.ts'

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
])('neither the words nor the text of %s %s %s keep the secret', (...words) => {
  expect(wordsWithoutSecrets(words).join(' ')).not.toContain(SECRET)
  expect(textWithoutSecrets(words.join(' '))).not.toContain(SECRET)
})

test.each([
  ['ls', '-a', 'directory'],
  ['sort', '-u', 'file.txt'],
  ['docker', 'run', '-u', 'app', 'image'],
  ['node', 'server.js', '-p', '8080'],
])('what is no secret stays: %s %s %s', (...words) => {
  expect(wordsWithoutSecrets(words)).toEqual(words)
  expect(textWithoutSecrets(words.join(' '))).toBe(words.join(' '))
})
