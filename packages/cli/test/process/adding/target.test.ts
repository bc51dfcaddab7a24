import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { extended } from '../../adding/extended.ts'

test('a user-defined target is listed, suggested for a misspelt name, run, and judged', async () => {
  expect(JSON.parse((await extended(['targets', '--json'])).stdout)).toContainEqual(
    expect.objectContaining({ target: 'fixture', summary: 'from ./parrot.ts' }),
  )
  const args = ['run', '--sim', '--seed', '1', '--time', '1s', '--json', '--out', temporaryDirectory()]
  expect((await extended([...args, '--target', 'fixtur'])).stderr).toContain('Did you mean fixture?')
  const { stdout, stderr, exitCode } = await extended([...args, '--target', 'fixture', '--faults', 'none'])
  expect(stderr).toBe('')
  // Every read returns null, even after writes.
  expect(exitCode).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ levels: { eventual: { result: 'violated' } } })
})
