import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'
import { until } from '../../processes.ts'
import { startProxy } from '../../proxy-process.ts'
import { answerPlainly, ROUTES, storeOverHttp } from '../../record/key-value-store.ts'

const PAUSED = 'the process of chaos was paused from'

test('a recording proxy that was suspended reports the suspension, and leaves availability undecided', async () => {
  const directory = temporaryDirectory()
  const out = join(directory, 'history.jsonl')
  const routes = join(directory, 'routes.json')
  writeFileSync(routes, JSON.stringify(ROUTES))
  const upstream = await storeOverHttp((values, key, written) => answerPlainly(values, key, written))
  const proxy = await startProxy(['--upstream', upstream, '--record', routes, '--out', out], {})
  const [{ listen }] = (await (await fetch(`${proxy.url}/v1/proxies`)).json()) as [{ readonly listen: string }]
  const write = (value: number) =>
    fetch(`http://${listen}/kv/x`, {
      ...{ method: 'PUT', body: JSON.stringify({ value }) },
      headers: { 'X-Client': 'a', Connection: 'close' },
    }).then((response) => response.text())
  await write(1)
  proxy.child.kill('SIGSTOP')
  const stoppedAt = performance.now()
  await until(() => performance.now() - stoppedAt > 1_500)
  proxy.child.kill('SIGCONT')
  await until(() => readFileSync(out, 'utf8').includes('"f":"stood-still"'))
  await write(2)
  proxy.child.kill('SIGINT')
  const { stdout, exitCode } = await proxy.finished
  expect(exitCode).toBe(0)
  expect(stdout).toContain(PAUSED)
  const checked = await chaosHere(['check', out, '--require', 'availability >= 1%'])
  expect(checked.stdout).toContain(`why: availability >= 1%: unknown, ${PAUSED}`)
  expect(checked.stdout.match(new RegExp(PAUSED, 'g'))).toHaveLength(3)
  expect(checked.exitCode).toBe(2)
})
