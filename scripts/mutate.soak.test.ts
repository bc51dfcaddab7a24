import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('the tests of the checker catch a deliberate mistake in a copy of the checker, and pass without the mistake', async () => {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const { stdout } = await promisify(execFile)('npm', ['run', 'mutate', '--', 'bag-account-forgives-one'], {
    env: environment,
  })
  expect(stdout).toMatch(/^killed .* bag-account-forgives-one {2}by accounting\.test\.ts: /m)
  expect(stdout).toContain('1 of 1 killed, 0 survived, 0 do not apply.')
})
