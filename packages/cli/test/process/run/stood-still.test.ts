import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chaosHere, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'
import { until } from '../../processes.ts'

test('a run whose process was suspended reports the suspension, and leaves availability undecided', async () => {
  const cwd = temporaryDirectory()
  const run = startChaos(
    ['run', '--target', 'raft', '--faults', 'none', '--time', '4s', '--seed', '3', '--out', 'out'],
    {
      cwd,
    },
  )
  const recorded = () => {
    const [name] = readdirSync(cwd).includes('out') ? readdirSync(join(cwd, 'out')) : []
    return name === undefined ? '' : join('out', name)
  }
  const history = () => readFileSync(join(cwd, recorded(), 'history.jsonl'), 'utf8')
  await until(() => recorded() !== '' && readdirSync(join(cwd, recorded())).includes('history.jsonl'))
  await until(() => history().includes('"type":"ok"'))
  run.child.kill('SIGSTOP')
  const stoppedAt = performance.now()
  await until(() => performance.now() - stoppedAt > 1_500)
  run.child.kill('SIGCONT')
  const { stdout, exitCode } = await run.finished
  expect(exitCode).toBe(0)
  expect(stdout).toContain('the process of chaos was paused from')
  expect(history()).toContain('"f":"stood-still"')
  const { notes } = JSON.parse(readFileSync(join(cwd, recorded(), 'run.json'), 'utf8'))
  expect(notes.join()).toContain('the process of chaos was paused from')
  const checked = await chaosHere(['check', recorded(), '--require', 'availability >= 1%'], { cwd })
  expect(checked.stdout).toContain('the process of chaos was paused from')
  expect(checked.exitCode).toBe(2)
})
