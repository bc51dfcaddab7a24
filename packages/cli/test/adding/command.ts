import { expect, test } from 'vitest'
import { chaosHere } from '../../../testing/src/chaos.ts'

test('a command added to the registry runs, and is in the help, in the completion and among typo suggestions', async () => {
  expect(await chaosHere(['greet', 'world', '--loud'])).toEqual({ exitCode: 0, stdout: 'HELLO WORLD\n', stderr: '' })
  expect((await chaosHere(['--help'])).stdout).toMatch(/chaos greet \[who\] +say hello to whoever is named/)
  expect((await chaosHere(['greet', '--help'])).stdout).toContain('the usual beginning')
  expect((await chaosHere(['completion', 'bash'])).stdout).toMatch(/greet\).*--loud/)
  expect((await chaosHere(['great', 'world'])).stderr).toContain('Did you mean chaos greet?')
})
