// A recording is a run: its run.json contains everything that is needed to repeat the recording.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere } from '../../../../testing/src/chaos.ts'
import { valueService, WRITE_AND_READ } from '../../value-service.ts'

/** Writes and reads long enough for faults to begin. */
const BUSY = `const ask = async () => {
  await fetch("http://{n1}/x", { method: "PUT", body: '{"value":1}' })
  await fetch("http://{n1}/x")
  if (performance.now() < 4000) setTimeout(ask, 20)
}
ask()`

/** Makes a recording with these options, and repeats it from its run.json. */
async function recorded(options: readonly string[] = [], command: readonly string[] = WRITE_AND_READ) {
  const { cwd, record } = valueService()
  const settings = ['--seed', '7', '--expect', 'linearizable', '--json']
  const first = await chaosHere([...record, ...settings, ...options, ...command], { cwd })
  const { run } = JSON.parse(first.stdout)
  const runJson = join(run, 'run.json')
  const again = (more: readonly string[]) => chaosHere(['run', '--spec', runJson, '--out', cwd, ...more], { cwd })
  return { cwd, first, kept: JSON.parse(readFileSync(runJson, 'utf8')), runJson, again }
}

describe('the run.json of a recording', () => {
  test('chaos run --spec starts the servers and the command of a recording again, and records again', async () => {
    const { first, kept, again } = await recorded(['--faults', 'delay-reply'], ['--', 'node', '-e', BUSY])
    expect(JSON.parse(first.stdout).headline).toBe('linearizable')
    const second = await again(['--trust', '--json'])
    expect(second.exitCode, second.stderr).toBe(first.exitCode)
    expect(second.stderr).toContain("run.json brings the command node server.mjs '{port}', the command node -e")
    const { run } = JSON.parse(second.stdout)
    const repeated = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))
    expect(repeated.spec).toEqual(kept.spec)
    expect(repeated.schedule).toEqual(kept.schedule)
    const history = readFileSync(join(run, 'history.jsonl'), 'utf8')
    expect(history).toMatch(/"type":"ok","f":"write","key":"x","value":1/)
    expect(history).toContain('"final":true')
  })

  test('chaos run --spec runs no command from an untrusted run.json of a recording', async () => {
    const { again } = await recorded()
    const { exitCode, stderr } = await again([])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/would run the command node server\.mjs '\{port\}', .*To allow it, give --trust\./)
  })

  test('chaos run --spec with --events and --verbose names the command that repeats the recording', async () => {
    const { cwd, again } = await recorded()
    const events = join(cwd, 'events.jsonl')
    const { stdout, stderr } = await again(['--trust', '--verbose', '--events', events])
    expect(stderr).toContain("n1: node server.mjs '{port}'")
    expect(stderr).toContain('all is healed; the last reads follow')
    expect(stdout).toMatch(/again {4}npx chaos run --spec \S+run\.json --trust/)
    const told = readFileSync(events, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(told[0]).toMatchObject({ type: 'starting', spec: { target: { traffic: { as: 'routes.json' } } } })
    expect(told.filter(({ event }) => event?.f === 'write').map(({ event }) => event.type)).toEqual(['invoke', 'ok'])
  })

  test('the run.json of a recording contains no secret, and a repeated run must read the secret from the environment', async () => {
    const env = ['--env', 'API_TOKEN=swordfish', '--env', 'PLACE=http://{n1}']
    const check = `if (process.env.API_TOKEN?.length !== 9) process.exit(9);fetch(process.env.PLACE + "/x")`
    const { runJson, kept, first, again } = await recorded(env, ['--', 'node', '-e', check])
    expect(first).toMatchObject({ exitCode: 2 })
    expect(readFileSync(runJson, 'utf8')).not.toContain('swordfish')
    expect(kept.spec.target.traffic.environment).toEqual({ API_TOKEN: '(removed)', PLACE: 'http://{n1}' })
    const lacking = await again(['--trust'])
    expect(lacking).toMatchObject({ exitCode: 3 })
    expect(lacking.stderr).toContain('without the value of the environment variable API_TOKEN. Set this variable')
    process.env['API_TOKEN'] = 'swordfish'
    try {
      const given = await again(['--trust', '--json'])
      expect(given, given.stderr).toMatchObject({ exitCode: 2 })
    } finally {
      delete process.env['API_TOKEN']
    }
  })

  test('the run.json of a recording is refused if a secret was removed from its command', async () => {
    const { again } = await recorded([], ['--', 'node', '-e', 'fetch("http://{n1}/x")', 'password=swordfish'])
    const { exitCode, stderr } = await again(['--trust'])
    expect(exitCode).toBe(3)
    expect(stderr).toContain(
      "'password=(removed)' without its secret. Put the secret back into the command in this file",
    )
  })

  test('the run.json of a recording is refused with the reason if an edit makes it impossible to record again', async () => {
    const { cwd, kept, again: _ } = await recorded()
    const refusal = async (changes: object) => {
      const file = join(cwd, 'spec.json')
      const { target, ...spec } = kept.spec
      writeFileSync(
        file,
        JSON.stringify({ ...spec, target: { ...target, traffic: { ...target.traffic, ...changes } } }),
      )
      const { exitCode, stderr } = await chaosHere(['run', '--spec', file, '--trust'], { cwd })
      expect(exitCode, stderr).toBe(3)
      return stderr
    }
    expect(await refusal({ servers: [{ name: 'n1' }] })).toMatch(/needs exactly one of "upstream"/)
    expect(await refusal({ again: 'run app.js' })).toMatch(/cannot repeat this recording, .* Record again: run app.js/)
    expect(await refusal({ as: 'none.json' })).toMatch(/none\.json/)
    expect(await refusal({ hurt: ['n2'] })).toMatch(/there is no such server/)
  })
})
