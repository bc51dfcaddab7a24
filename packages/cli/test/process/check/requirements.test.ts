import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const stale = join(root, 'histories', 'stale-read.jsonl')

describe('chaos check --require', () => {
  test('chaos check --require exits with 1 if a bound is exceeded, even without --expect', async () => {
    const { exitCode, stdout } = await chaosHere(['check', stale, '--require', 'staleness.max < 1ms'])
    expect(stdout).toContain('✘ staleness.max < 1ms: found 2.0 ms')
    expect(exitCode).toBe(1)
  })

  test('chaos check --require exits with 0 if all bounds hold, and reports the figures', async () => {
    const required = ['--require', 'availability >= 99%', '--require', 'lost == 0']
    const { exitCode, stdout } = await chaosHere(['check', stale, ...required, '--json'])
    expect(JSON.parse(stdout).requirements).toEqual([
      { requirement: 'availability >= 99%', met: true, found: '100.00%', value: 1, why: '' },
      { requirement: 'lost == 0', met: true, found: '0', value: 0, why: '' },
    ])
    expect(exitCode).toBe(0)
  })

  test.each([
    ['linearizable', 1],
    ['sequential', 0],
    ['lost == 0', 0],
  ])(
    'chaos check also checks the level that --require "%s" needs if --level names others',
    async (required, expected) => {
      const { exitCode } = await chaosHere(['check', stale, '--level', 'convergent', '--require', required])
      expect(exitCode).toBe(expected)
    },
  )

  test('chaos check --require exits with 2 if a bound cannot be decided, and says why', async () => {
    const { exitCode, stdout } = await chaosHere(['check', stale, '--require', 'p99 during kill < 1s'])
    expect(stdout).toContain('? p99 during kill < 1s: unknown, no operation was called during a kill')
    expect(exitCode).toBe(2)
  })

  test('chaos check --require reports a missed bound in JUnit XML, with the command that repeats the check', async () => {
    const args = ['check', stale, '--require', 'staleness.max < 1ms', '--reporter', 'junit']
    const { stdout } = await chaosHere(args)
    expect(stdout).toContain('staleness.max &lt; 1ms: found 2.0 ms')
    expect(stdout).toContain("--require 'staleness.max &lt; 1ms'")
  })

  test('a malformed requirement is refused before the history file is read', async () => {
    const { exitCode, stderr } = await chaosHere(['check', 'none.jsonl', '--require', 'latency < 200ms'])
    expect(stderr).toContain('--require "latency < 200ms": there is no measure latency.')
    expect(exitCode).toBe(3)
  })

  test('a requirement that names an unknown function is refused', async () => {
    const { exitCode, stderr } = await chaosHere(['check', stale, '--require', 'availability of raed >= 99%'])
    expect(stderr).toContain(
      '--require "availability of raed >= 99%": there is no function raed. Did you mean read? Known: write, read, cas',
    )
    expect(exitCode).toBe(3)
    const other = await chaosHere(['check', stale, '--require', 'p99 of cas < 1s'])
    expect(other.stdout).toContain('? p99 of cas < 1s: unknown, no cas was called')
  })
})

test('a misspelt function in --require is refused before anything is started', async () => {
  const required = ['--require', 'p99 of wirte < 1s']
  const table = join(root, 'examples', 'kv', 'routes.json')
  for (const command of [
    ['run', '--sim', ...required],
    ['record', '--upstream', '127.0.0.1:1', '--as', table, ...required, '--', 'no-such-program'],
  ]) {
    const { exitCode, stdout, stderr } = await chaosHere(command)
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
    expect(stderr).toContain('"p99 of wirte < 1s": there is no function wirte. Did you mean write?')
  }
})

describe('the requirements of a history of transactions', () => {
  const onCall = join(root, 'histories', 'transactions', 'on-call.jsonl')

  test('--require LEVEL applies to all transactions', async () => {
    const required = ['snapshot-isolation', 'serializable'].flatMap((text) => ['--require', text])
    const { exitCode, stdout } = await chaosHere(['check', onCall, ...required])
    expect(stdout).toContain('✔ snapshot-isolation')
    expect(stdout).toMatch(/✘ serializable: found .*write skew/i)
    expect(exitCode).toBe(1)
  })

  test('a check of transactions against a --baseline names only the strongest level that is no longer met', async () => {
    const baseline = join(temporaryDirectory(), 'baseline.json')
    const levels = ['strict-serializable', 'serializable', 'snapshot-isolation', 'prefix', 'read-uncommitted']
    const met = Object.fromEntries(levels.map((level) => [level, { result: 'met' }]))
    writeFileSync(baseline, JSON.stringify({ chaos: 1, model: 'list-append', levels: met }))
    const { exitCode, stdout } = await chaosHere(['check', onCall, '--baseline', baseline])
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      '✘ no weaker than the baseline (strict-serializable): found strong-snapshot-isolation; no longer strict-serializable ',
    )
    expect(exitCode).toBe(1)
  })
})

describe('chaos run --require', () => {
  const simulated = ['run', '--sim', '--time', '2s', '--rate', '150', '--seed', '3', '--faults', 'partition']

  test('chaos run --require checks each bound in addition to the expected level, and writes the bounds to run.json', async () => {
    const out = temporaryDirectory()
    const required = ['--require', 'p99 during calm < 1us', '--require', 'lost == 0']
    const { exitCode, stdout } = await chaosHere([...simulated, ...required, '--out', out])
    expect(stdout).toMatch(/^ {2}LINEARIZABLE/m)
    expect(stdout).toMatch(/✘ p99 during calm < 1us: found [\d.]+ ms/)
    expect(stdout).toMatch(/✔ lost == 0: found 0/)
    expect(stdout).toContain("--require 'p99 during calm < 1us' --require 'lost == 0'")
    expect(exitCode).toBe(1)
    const runJson = join(out, readdirSync(out)[0] ?? '', 'run.json')
    expect(JSON.parse(readFileSync(runJson, 'utf8'))).toMatchObject({
      spec: { require: ['p99 during calm < 1us', 'lost == 0'] },
      requirements: [{ met: false }, { met: true }],
    })
    const again = await chaosHere(['run', '--spec', runJson, '--out', out])
    expect(again.exitCode).toBe(1)
  })

  test('chaos run --require accepts the name of a fault in --faults even if the kind of the fault has another name', async () => {
    const delayed = [...simulated.slice(0, -1), 'delay', '--require', 'availability during delay >= 1%']
    const { exitCode, stdout } = await chaosHere([...delayed, '--out', temporaryDirectory()])
    expect(stdout).toMatch(/✔ availability during delay >= 1%: found /)
    expect(exitCode).toBe(0)
  })

  test('chaos run applies a requirement in the configuration, and refuses an invalid one in one line', async () => {
    const cwd = temporaryDirectory()
    const config = (require: readonly string[]) =>
      writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ target: 'sim:raft', require }))
    config(['operations >= 1', 'p99 < 1us'])
    expect((await chaosHere([...simulated.filter((word) => word !== '--sim')], { cwd })).exitCode).toBe(1)
    config(['operations >= many'])
    const { exitCode, stderr } = await chaosHere(['run'], { cwd })
    expect(stderr).toContain('operations must be compared with a whole number, such as 0, not with many.')
    expect(exitCode).toBe(3)
  })
})

describe('--baseline', () => {
  const simulate = (out: string, ...more: readonly string[]) =>
    chaosHere([
      'run',
      '--sim',
      '--time',
      '2s',
      '--rate',
      '150',
      '--seed',
      '3',
      '--faults',
      'partition',
      '--out',
      out,
      ...more,
    ])
  const runJsonIn = (out: string): string => join(out, readdirSync(out)[0] ?? '', 'run.json')
  const changed = (file: string, change: (result: { [member: string]: never }) => void): string => {
    const json = JSON.parse(readFileSync(file, 'utf8'))
    change(json.result)
    const to = join(temporaryDirectory(), 'baseline.json')
    writeFileSync(to, JSON.stringify(json))
    return to
  }

  test('--baseline passes a repetition of the same run, and fails a slower run', async () => {
    const out = temporaryDirectory()
    await simulate(out)
    const same = await simulate(out, '--baseline', runJsonIn(out), '--tolerance', '0%')
    expect(same.stdout).toMatch(/✔ no weaker than the baseline \(linearizable\): found linearizable/)
    expect(same.exitCode).toBe(0)
    const faster = changed(runJsonIn(out), (result) => {
      Object.assign(result, { latency: { p99Nanos: 1000 }, availability: { overall: 1 } })
    })
    const slower = await simulate(out, '--baseline', faster)
    expect(slower.stdout).toMatch(/✘ p99 <= 2us \(the baseline has 1 µs\): found/)
    expect(slower.exitCode).toBe(1)
  })

  test('a check whose level falls below the linearizable baseline fails, even without --expect', async () => {
    const fresh = await chaosHere(['check', join(root, 'histories', 'fresh-read.jsonl'), '--json'])
    const baseline = join(temporaryDirectory(), 'baseline.json')
    writeFileSync(baseline, fresh.stdout)
    const { exitCode, stdout } = await chaosHere(['check', stale, '--baseline', baseline, '--tolerance', '100000%'])
    expect(stdout).toMatch(/✘ no weaker than the baseline \(linearizable\): found sequential; no longer linearizable/)
    expect(exitCode).toBe(1)
  })

  test('a check that cannot count losses is unknown against a baseline with losses', async () => {
    const baseline = join(temporaryDirectory(), 'baseline.json')
    writeFileSync(baseline, '{"chaos":1,"model":"register","levels":{},"lost":[{}]}')
    const unread = join(temporaryDirectory(), 'unread.jsonl')
    writeFileSync(unread, readFileSync(stale, 'utf8').replaceAll(', "final": true', ''))
    const { exitCode, stdout } = await chaosHere(['check', unread, '--baseline', baseline])
    expect(stdout).toMatch(/\? lost <= 1 \(the baseline has 1\): unknown, the history has no successful final reads/)
    expect(exitCode).toBe(2)
  })

  test.each([
    [
      'of another target',
      '{"chaos":1,"target":"sim:paxos","levels":{}}',
      'the baseline has the target sim:paxos, but this run has sim:raft',
    ],
    ['of a later format', '{"chaos":2,"levels":{}}', 'it has format 2, but this version of chaos reads format 1'],
    ['that is no result', '{"a":1}', 'this is not a result of chaos. Give the output of --json, or a run.json.'],
    ['that is no JSON', 'levels', 'is not JSON'],
    [
      'of several runs',
      '{"chaos":1,"levels":{}}\n{"chaos":1,"levels":{}}\n',
      ' holds 2 results, one per line. Give a file with one result, as --json prints for a single run.',
    ],
  ])('--baseline is refused with the reason, before anything starts, if its file is %s', async (_, text, message) => {
    const baseline = join(temporaryDirectory(), 'baseline.json')
    writeFileSync(baseline, text)
    const out = temporaryDirectory()
    const { exitCode, stderr } = await simulate(out, '--baseline', baseline)
    expect(stderr).toContain(message)
    expect({ exitCode, left: readdirSync(out) }).toEqual({ exitCode: 3, left: [] })
  })

  test('--baseline is refused for a history of another model, and --tolerance without --baseline is refused', async () => {
    const baseline = join(temporaryDirectory(), 'baseline.json')
    writeFileSync(baseline, '{"chaos":1,"model":"queue","levels":{}}')
    const other = await chaosHere(['check', stale, '--baseline', baseline])
    expect(other.stderr).toContain('the baseline has the model queue, but this run has register')
    expect(other.exitCode).toBe(3)
    const alone = await chaosHere(['check', stale, '--tolerance', '5%'])
    expect(alone.stderr).toContain('--tolerance 5% needs a baseline to compare with. Add --baseline FILE.')
    expect(alone.exitCode).toBe(3)
  })
})
