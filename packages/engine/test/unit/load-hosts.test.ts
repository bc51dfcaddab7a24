import { expect, test } from 'vitest'
import { requireNamed } from '../../src/queue/load/load-worker.ts'

const at = (host: string, port = 6379) => ({ host, port })

test.each([
  [[at('10.0.0.5')], ['10.0.0.5']],
  [[at('db.example')], ['DB.example']],
  [
    [at('10.0.0.5'), at('10.0.0.6', 1)],
    ['10.0.0.5:6379', '10.0.0.6'],
  ],
  [[at('::1')], ['::1']],
])('a worker drives clients at %j if it was started for the hosts %j', (addresses, hosts) => {
  expect(() => requireNamed(addresses, hosts)).not.toThrow()
})

test.each([
  [[at('10.0.0.50')], ['10.0.0.5']],
  [[at('10.0.0.5'), at('10.0.0.6')], ['10.0.0.5']],
  [[at('10.0.0.5', 22)], ['10.0.0.5:6379']],
  [[at('evil.example')], ['*', '']],
  [[at('0x7f.1')], ['127.0.0.1']],
])('a worker refuses to drive clients at %j if it was started for the hosts %j', (addresses, hosts) => {
  expect(() => requireNamed(addresses, hosts)).toThrow('If you trust everyone who can write to the queue')
})
