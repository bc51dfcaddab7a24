import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { until } from '../../processes.ts'
import { startProxy } from '../../proxy-process.ts'
import { answerPlainly, ROUTES, storeOverHttp } from '../../record/key-value-store.ts'

/** A store that forgets all writes to `stale` but the first. */
const store = () =>
  storeOverHttp((values, key, written) =>
    answerPlainly(values, key, key === 'stale' && values.has(key) ? undefined : written),
  )

function routesIn(directory: string): string {
  const routes = join(directory, 'routes.json')
  writeFileSync(routes, JSON.stringify(ROUTES))
  return routes
}

async function recorded(args: readonly string[]) {
  const directory = temporaryDirectory()
  const proxy = await startProxy(['--upstream', await store(), '--record', routesIn(directory), ...args], {})
  const [{ listen }] = (await (await fetch(`${proxy.url}/v1/proxies`)).json()) as [{ readonly listen: string }]
  const ask = (key: string, value?: number) =>
    fetch(`http://${listen}/kv/${key}`, {
      headers: { 'X-Client': 'a' },
      ...(value === undefined ? {} : { method: 'PUT', body: JSON.stringify({ value }) }),
    }).then((response) => response.json())
  return { proxy, ask }
}

test('chaos proxy reports a violation in log, API, metrics and summary, and continues to record', async () => {
  const out = join(temporaryDirectory(), 'parts')
  const { proxy, ask } = await recorded(['--rotate', '1MB', '--out', out, '--expect', 'linearizable'])
  for (const key of ['x', 'stale']) for (const value of [1, 2]) await ask(key, value)
  await ask('x')
  const recording = async () => (await fetch(`${proxy.url}/v1/recording`)).json() as Promise<{ judged: object }>
  expect((await recording()).judged).toEqual({ level: 'linearizable', soFar: 'linearizable' })
  await ask('stale')
  await until(async () => proxy.lines.some(({ msg }) => msg === 'violation'))
  const part = join(out, 'part-0001.jsonl')
  const said = proxy.lines.find(({ msg }) => msg === 'violation')
  expect(said).toMatchObject({ level: 'error', key: 'stale', position: 11, file: part, line: 13 })
  expect((await recording()).judged).toMatchObject({ soFar: 'not linearizable', violation: { at: { line: 13 } } })
  const metrics = await (await fetch(`${proxy.url}/v1/metrics`)).text()
  expect(metrics).toContain('chaos_recorded_verdict{verdict="not linearizable"} 1')
  await until(async () => readFileSync(part, 'utf8').split('\n').length > 13)
  expect(JSON.parse(readFileSync(part, 'utf8').split('\n')[12] ?? '')).toMatchObject({
    type: 'ok',
    key: 'stale',
    index: 11,
  })
  await ask('x', 3)
  proxy.child.kill('SIGINT')
  const { exitCode, stdout } = await proxy.finished
  expect(exitCode).toBe(1)
  expect(stdout).toContain(`NOT LINEARIZABLE: ${said?.['sentence']} (${part}:13)`)
})

test('a recording with --stop-on-violation ends at a violation, and a recording without a violation is linearizable', async () => {
  const out = join(temporaryDirectory(), 'parts')
  const stopped = await recorded(['--rotate', '1MB', '--out', out, '--stop-on-violation'])
  for (const value of [1, 2]) await stopped.ask('stale', value)
  await stopped.ask('stale').catch(() => undefined)
  expect(await stopped.proxy.finished).toMatchObject({ exitCode: 1 })
  const fine = await recorded(['--out', join(out, '..', 'fine.jsonl'), '--expect', 'linearizable'])
  await fine.ask('x', 1)
  await fine.ask('x')
  fine.proxy.child.kill('SIGINT')
  const { exitCode, stdout } = await fine.proxy.finished
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('  linearizable, as judged') })
})

const CLIENT = `
const at = 'http://' + process.env.CHAOS_PROXY_N1 + '/kv/stale'
const put = (value) => fetch(at, { method: 'PUT', body: JSON.stringify({ value }) })
await put(1); await put(2); await (await fetch(at)).json()
setInterval(() => {}, 1000)`

test('chaos record reports a violation immediately and in its events, and ends with --stop-on-violation', async () => {
  const directory = temporaryDirectory()
  const out = join(directory, 'out')
  const events = join(directory, 'events.jsonl')
  const { exitCode, stderr } = await chaos([
    ...['record', '--upstream', await store(), '--as', routesIn(directory), '--out', out, '--events', events],
    ...['--client', 'connection', '--stop-on-violation', '--', process.execPath, '--input-type=module', '-e', CLIENT],
  ])
  const history = join(out, readdirSync(out)[0] ?? '', 'history.jsonl')
  expect(stderr).toMatch(/not linearizable: Connection \d+ read 1 for stale, .*history\.jsonl:\d+\)/)
  const told = readFileSync(events, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const { violation } = told.find(({ type }) => type === 'violation')
  expect(JSON.parse(readFileSync(history, 'utf8').split('\n')[violation.at.line - 1] ?? '')).toMatchObject({
    index: violation.position,
  })
  expect(exitCode).toBe(1)
})
