import { expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../chaos.ts'

test('a protocol added to the registry by one line is listed, run and named in the result', async () => {
  const { stdout: listed } = await chaosHere(['targets'])
  expect(listed).toContain('a protocol that only this test has')
  expect((await chaosHere(['targets', '--bugs'])).stdout).toContain('mute')
  const args = ['run', '--sim', '--seed', '1', '--time', '1s', '--json', '--out', temporaryDirectory()]
  expect((await chaosHere([...args, '--target', 'fixtur'])).stderr).toContain('Did you mean fixture?')
  const chosen = ['--target', 'fixture', '--faults', 'none', '--set', 'loudness=5']
  const { stdout, stderr, exitCode } = await chaosHere([...args, ...chosen])
  expect(stderr).toBe('')
  // Every read answers null, whatever was written.
  expect(exitCode).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ levels: { eventual: { result: 'violated' } } })
})
