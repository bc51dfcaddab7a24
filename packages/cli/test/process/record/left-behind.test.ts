import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'
import { until } from '../../processes.ts'

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('the command started by chaos proxy ends after chaos proxy is killed', async () => {
  const cwd = temporaryDirectory()
  const program = join(cwd, 'command.mjs')
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs'
     writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000)`,
  )
  const { child, finished } = startChaos(
    ['proxy', '--control', '127.0.0.1:0', '--upstream', '127.0.0.1:9', '--', process.execPath, program],
    { cwd },
  )
  await until(() => existsSync(join(cwd, 'pid')) && readFileSync(join(cwd, 'pid'), 'utf8') !== '')
  const pid = Number(readFileSync(join(cwd, 'pid'), 'utf8'))
  child.kill('SIGKILL')
  void finished
  await until(() => !isAlive(pid), 20_000)
  expect(isAlive(pid)).toBe(false)
})
