import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// A simulated run that violates its level is repeated to record its messages. The page, the record and the explanation
// must agree on them.

test('a simulated run, chaos explain and the report say what happened to the delayed replication message', async () => {
  const out = temporaryDirectory()
  const run = ['run', '--target', 'sim:primary-replica', '--faults', 'partition', '--seed', '5', '--time', '1s']
  const { stdout } = await chaosHere([...run, '--json', '--out', out])
  const { run: directory, messages } = JSON.parse(stdout)
  expect(messages.sentence).toMatch(/^The message with \w+ = \d+ to n\d was held \(partition\) and received only at/)
  expect(messages.messages[0]).toMatchObject({ type: 'replicate', fate: 'received', by: 'partition', carries: true })
  const { heard } = JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8'))
  expect(heard.isCut).toBe(false)
  const { stdout: explained } = await chaosHere(['explain', directory, '--json'])
  const told = JSON.parse(explained)
  expect(told.sentence).toContain(messages.sentence)
  const page = readFileSync(join(directory, 'report.html'), 'utf8')
  expect(page).toContain(messages.sentence)
  for (const message of told.messages) expect(page).toContain(message)
})
