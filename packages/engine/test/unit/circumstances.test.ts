import { describe, expect, test } from 'vitest'
import { jsonWithoutSecrets, textWithoutSecrets, wordsWithoutSecrets } from '../../../runner/src/result/secrets.ts'
import { circumstancesOf } from '../../src/run/circumstances.ts'

describe('the circumstances in run.json', () => {
  test('run.json includes versions, the machine, the command, and the relevant environment', () => {
    const environment = {
      NODE_OPTIONS: '--max-old-space-size=99',
      CI: 'true',
      CHAOS_SOAK: 'short',
      HOME: '/root',
      CHAOS_API: 'x',
    }
    const kept = circumstancesOf({}, environment)
    expect(kept).toMatchObject({
      versions: { chaos: expect.stringMatching(/^\d+\.\d+/), node: process.versions.node },
      machine: { cores: expect.any(Number), memoryBytes: expect.any(Number) },
      directory: process.cwd(),
    })
    expect(kept.environment).toEqual({ NODE_OPTIONS: '--max-old-space-size=99', CI: 'true', CHAOS_SOAK: 'short' })
  })

  test('run.json includes the declaration of the target, without the secrets in the command and the environment', () => {
    const declared = {
      nodes: 2,
      command: 'python3 server.py --requirepass hunter2',
      environment: { PGPASSWORD: 'hunter2', LEVEL: '3' },
    }
    const kept = circumstancesOf({ declared }, { CHAOS_TOKEN: 'hunter2' })
    expect(kept.declared).toMatchObject({ nodes: 2, environment: { PGPASSWORD: '(removed)', LEVEL: '(removed)' } })
    expect(JSON.stringify(kept)).not.toContain('hunter2')
    expect(kept.environment).toEqual({ CHAOS_TOKEN: '(removed)' })
  })
})

describe('the removal of secrets', () => {
  test.each([
    ['postgres://me:hunter2@127.0.0.1/db', 'postgres://me:(removed)@127.0.0.1/db'],
    ['redis://:hunter2@[::1]:6379', 'redis://:(removed)@[::1]:6379'],
    ['server --requirepass hunter2 --port 1', 'server --requirepass (removed) --port 1'],
    ['server --api-key=hunter2', 'server --api-key=(removed)'],
    ['PGPASSWORD=hunter2 psql', 'PGPASSWORD=(removed) psql'],
    ['Authorization: hunter2', 'Authorization: (removed)'],
    ['mysql -u me -phunter2 -h x', 'mysql -u me -p(removed) -h x'],
    ['mysql -phunter2', 'mysql -p(removed)'],
    ['redis-cli -p 6379 -p6380', 'redis-cli -p 6379 -p6380'],
    ['server --dsn=me:hunter2@db', 'server --dsn=(removed)'],
    ['server --redis-auth hunter2', 'server --redis-auth (removed)'],
    ['SENTRY_AUTH=hunter2 server', 'SENTRY_AUTH=(removed) server'],
    ['--keys 20 --time 5s', '--keys 20 --time 5s'],
    ['http://127.0.0.1:8080/a@b', 'http://127.0.0.1:8080/a@b'],
  ])('the removal of secrets replaces exactly the secrets in: %s', (text, kept) => {
    expect(textWithoutSecrets(text)).toBe(kept)
  })

  test('the removal of secrets replaces the word after a secret option, and the value of a secret member', () => {
    expect(wordsWithoutSecrets(['run', '--token', 'hunter2', '--keys', '20'])).toEqual([
      'run',
      '--token',
      '(removed)',
      '--keys',
      '20',
    ])
    expect(jsonWithoutSecrets({ a: [{ secret: 'x' }], command: ['s', '--password', 'x'] })).toEqual({
      a: [{ secret: '(removed)' }],
      command: ['s', '--password', '(removed)'],
    })
  })
})
