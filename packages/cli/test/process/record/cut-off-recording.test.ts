import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, chaosHere, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { until } from '../../processes.ts'
import { startProxy } from '../../proxy-process.ts'
import { answerPlainly, ROUTES, storeOverHttp } from '../../record/key-value-store.ts'

// Tests recordings that were cut off. A killed process leaves whole lines, so only the missing end shows that a
// recording was cut off.

/** A store that never replies to requests for the key `held`. */
const store = () =>
  storeOverHttp((values, key, written) => {
    const value = answerPlainly(values, key, written)
    return key === 'held' ? undefined : value
  })

async function recordingProxy(place = 'history.jsonl', args: readonly string[] = []) {
  const directory = temporaryDirectory()
  const [routes, history] = [join(directory, 'routes.json'), join(directory, place)]
  writeFileSync(routes, JSON.stringify(ROUTES))
  const proxy = await startProxy(['--upstream', await store(), '--record', routes, '--out', history, ...args])
  const [{ listen }] = (await (await fetch(`${proxy.url}/v1/proxies`)).json()) as [{ readonly listen: string }]
  const ask = (key: string, value?: number | string) =>
    fetch(`http://${listen}/kv/${key}`, {
      headers: { 'X-Client': 'a' },
      ...(value === undefined ? {} : { method: 'PUT', body: JSON.stringify({ value }) }),
    }).then((response) => response.json())
  await ask('x', 1)
  await ask('x')
  return { proxy, history, ask }
}

const CUT_OFF =
  /history\.jsonl: the recording was cut off at \d+\.\d{3} s: .*operations in flight at that time count as unanswered/i

/** A client that writes once and never ends by itself. */
const LASTING_CLIENT = `fetch('http://'+process.env.CHAOS_PROXY_N1+'/kv/x',{method:'PUT',body:'{"value":1}'}).then(()=>fetch('http://'+process.env.CHAOS_PROXY_N1+'/kv/x')).then(()=>setInterval(()=>{},1e3))`

test('a command that exceeds --time is stopped, and the verdict decides the exit code', async () => {
  const directory = temporaryDirectory()
  const routes = join(directory, 'routes.json')
  writeFileSync(routes, JSON.stringify(ROUTES))
  const out = join(directory, 'out')
  const { exitCode, stdout } = await chaos([
    ...['record', '--upstream', await store(), '--as', routes, '--out', out, '--time', '3s', '--json'],
    ...['--client', 'connection', '--', process.execPath, '-e', LASTING_CLIENT],
  ])
  const { levels, trouble, run } = JSON.parse(stdout)
  expect({ result: levels.linearizable.result, trouble, exitCode }).toEqual({ result: 'met', trouble: [], exitCode: 0 })
  // Only the owner may list a run's directory, or read its files.
  expect(statSync(run).mode & 0o066).toBe(0)
  const kept = ['history.jsonl', 'run.json', 'report.html', 'nodes/command.log']
  expect(kept.map((file) => [file, statSync(join(run, file)).mode & 0o077])).toEqual(kept.map((file) => [file, 0]))
})

describe('a recording', () => {
  test('a recording whose recorder was killed is reported as cut off, and judged by its operations', async () => {
    const { proxy, history, ask } = await recordingProxy()
    ask('held', 5).catch(() => undefined)
    await until(async () => readFileSync(history, 'utf8').includes('"key":"held"'))
    proxy.child.kill('SIGKILL')
    await proxy.finished
    const page = `${history}.html`
    const files = ['junit', 'markdown', 'jsonl', 'tap'].map((name) => `${name}=${history}.${name}`)
    const told = await chaosHere([
      ...['check', history, '--expect', 'linearizable', '--out', page],
      ...files.flatMap((file) => ['--reporter', file]),
    ])
    const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ')
    const json = JSON.parse((await chaosHere(['check', history, '--json'])).stdout)
    expect(json.warnings).toEqual([expect.stringMatching(CUT_OFF)])
    expect(json.levels.linearizable.result).toBe('met')
    expect(json.operations).toMatchObject({ info: 1 })
    expect(oneLine(told.stdout)).toMatch(CUT_OFF)
    for (const file of ['html', 'junit', 'markdown', 'jsonl', 'tap'])
      expect([file, oneLine(readFileSync(`${history}.${file}`, 'utf8'))]).toEqual([
        file,
        expect.stringMatching(CUT_OFF),
      ])
    expect((await chaosHere(['check', history, '--quiet'])).stdout).toMatch(CUT_OFF)
    expect(oneLine((await chaosHere(['explain', history])).stdout)).toMatch(CUT_OFF)
  })

  test('a recording is not reported as cut off if the recorder was stopped normally', async () => {
    const { proxy, history } = await recordingProxy()
    proxy.child.kill('SIGINT')
    await proxy.finished
    const lines = readFileSync(history, 'utf8').trim().split('\n')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ ends: true })
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ process: 'recorder', type: 'info', f: 'end' })
    const { warnings } = JSON.parse((await chaosHere(['check', history, '--json'])).stdout)
    expect(warnings).toEqual([])
  })

  test('a recording is judged up to its end if the recorder was killed before it wrote run.json', async () => {
    const { proxy, history: results } = await recordingProxy('results')
    const run = join(results, readdirSync(results)[0] ?? '')
    await until(async () => /"type":"ok","f":"read"/.test(readFileSync(join(run, 'history.jsonl'), 'utf8')))
    proxy.child.kill('SIGKILL')
    await proxy.finished
    expect(existsSync(join(run, 'run.json'))).toBe(false)
    const { exitCode, stdout } = await chaosHere(['check', run, '--expect', 'linearizable', '--json'])
    const { warnings, levels, operations } = JSON.parse(stdout)
    expect(warnings).toEqual([expect.stringMatching(CUT_OFF)])
    expect([exitCode, levels.linearizable.result, operations.ok]).toEqual([0, 'met', 2])
    expect((await chaosHere(['check', run])).stdout.replaceAll(/\s+/g, ' ')).toMatch(CUT_OFF)
  })

  test('the parts of a recording whose recorder was killed are judged as one history, with a warning that it is cut off', async () => {
    const { proxy, history, ask } = await recordingProxy('parts', ['--rotate', '1MB', '--compress'])
    for (let i = 0; i < 6; i++) await ask('x', `${i}${'x'.repeat(500_000)}`)
    ask('held', 5).catch(() => undefined)
    await until(async () => readdirSync(history).includes('part-0002.jsonl.gz'))
    const newest = () =>
      readdirSync(history)
        .filter((name) => name.endsWith('.jsonl'))
        .toSorted()
        .at(-1) ?? ''
    await until(async () => readFileSync(join(history, newest()), 'utf8').includes('"key":"held"'))
    proxy.child.kill('SIGKILL')
    await proxy.finished
    const json = JSON.parse((await chaosHere(['check', history, '--json'])).stdout)
    expect(json.warnings).toEqual([expect.stringContaining('the recording was cut off at')])
    expect(json.levels.linearizable.result).toBe('met')
    expect(json.operations).toMatchObject({ ok: 8, info: 1 })
    expect(readdirSync(join(history, 'backend'))).toContain('part-0001.jsonl.gz')
    const again = await chaosHere([
      'proxy',
      '--upstream',
      'a:1',
      '--record',
      'resp',
      '--rotate',
      '1MB',
      '--out',
      history,
    ])
    expect(again).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('this would overwrite a recording') })
  })

  test('a recording is reported as cut off if chaos record was killed', async () => {
    const directory = temporaryDirectory()
    const routes = join(directory, 'routes.json')
    writeFileSync(routes, JSON.stringify(ROUTES))
    const out = join(directory, 'out')
    const recorder = startChaos([
      ...['record', '--upstream', await store(), '--as', routes, '--out', out],
      ...['--', process.execPath, '-e', LASTING_CLIENT],
    ])
    const history = () => (existsSync(out) ? readdirSync(out).map((name) => join(out, name, 'history.jsonl')) : [])
    await until(async () =>
      history().some((file) => existsSync(file) && /"type":"ok"/.test(readFileSync(file, 'utf8'))),
    )
    recorder.child.kill('SIGKILL')
    await recorder.finished
    const { warnings } = JSON.parse((await chaosHere(['check', ...history(), '--json'])).stdout)
    expect(warnings).toEqual([expect.stringMatching(CUT_OFF)])
  })

  test('a recording is not reported as cut off if its format has no end mark', async () => {
    const file = join(temporaryDirectory(), 'history.jsonl')
    writeFileSync(
      file,
      '{"chaos":1,"model":"register"}\n{"process":0,"type":"invoke","f":"write","key":"x","value":1}\n',
    )
    expect(JSON.parse((await chaosHere(['check', file, '--json'])).stdout).warnings).toEqual([])
  })
})
