import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, root } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { CURED, folderWith, RACING, register } from '../../../../testing/src/racing-register.ts'

const calm = ['--nodes', '1', '--faults', 'none', '--clients', '4', '--workload-set', 'cas=0.5', '--keys', '1']

describe('chaos simulate', () => {
  test('chaos simulate finds a race across an await in a Node program, shrinks it, and replays it to the byte', async () => {
    const cwd = folderWith(RACING)
    const args = ['simulate', './server.ts', ...calm, '--seeds', '64', '--workers', '1', '--json']
    const { exitCode, stdout } = await chaos(args, { cwd })
    expect(exitCode).toBe(1)
    const { failures } = JSON.parse(stdout)
    expect(failures).toMatchObject([{ kind: 'violation', cause: 'not linearizable' }])
    expect(failures[0].shrunk.operations).toBeLessThan(30)
    const replayed = await chaos(['replay', failures[0].replay, '--program', './server.ts'], { cwd })
    expect(replayed.exitCode).toBe(1)
    expect(replayed.stdout).toContain('in the simulator: the same history as was recorded, to the byte')
    // The race is at `await wait(2)` of the cas.
    expect(failures[0].race.overtaken).toMatchObject({ f: 'cas', file: 'server.ts', lines: [19, 19] })
    expect(replayed.stdout).toContain(failures[0].race.sentence)
    expect(failures[0].delays).toMatch(/unusual delay/)
    expect(JSON.parse(readFileSync(join(cwd, failures[0].replay), 'utf8')).delays).toBeInstanceOf(Array)
    const kept = await chaosHere(['check', failures[0].replay.replace(/json$/, 'jsonl')], { cwd })
    expect(kept.stdout.replaceAll(/\s+/g, ' ')).toContain(`why: ${failures[0].race.sentence}`)
    // The report mentions the version of Node if the run depends on it.
    const file = JSON.parse(readFileSync(join(cwd, failures[0].replay), 'utf8'))
    expect(file.node).toBe(process.version)
    const older = join(dirname(failures[0].replay), 'older.json')
    writeFileSync(join(cwd, older), JSON.stringify({ ...file, node: 'v20.0.0', digest: '0' }))
    const differs = await chaos(['replay', older, '--program', './server.ts'], { cwd })
    expect(differs.stdout.replace(/\s+/g, ' ')).toContain(
      `it was recorded on Node v20.0.0, and this is ${process.version}`,
    )
    // Without `--trust`, `chaos replay` runs a replay file's program only if the command line names the same program.
    const strange = await chaos(['replay', failures[0].replay], { cwd })
    expect(strange.exitCode).toBe(3)
    expect(strange.stderr).toContain('repeat it on the command line (--program ')
  })

  test('chaos simulate refuses a workload without a matching route before the program is read', async () => {
    const cwd = folderWith('no program {')
    const { exitCode, stderr } = await chaosHere(['simulate', './server.ts', '--workload', 'queue'], { cwd })
    expect(exitCode).toBe(3)
    expect(stderr).toContain('does not support enqueue, dequeue, drain, which the workload queue needs.')
  })

  test('chaos simulate refuses a table that cannot express what a workload sends', async () => {
    const cwd = folderWith(register(''))
    const members = { from: 'json.from', to: 'json.to', amount: 'json.amount' }
    const routes = [
      { request: 'GET /accounts', f: 'read', result: 'json' },
      { request: 'POST /transfers', f: 'transfer', value: { members } },
    ]
    writeFileSync(join(cwd, 'routes.json'), JSON.stringify({ routes }))
    const { exitCode, stderr } = await chaos(['simulate', './server.ts', '--workload', 'bank', '--seeds', '1'], { cwd })
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(
      /routes\.json: route 2 \(POST \/transfers\): "members" lacks "id", which the value .* has\..*correct the table/,
    )
  })

  test('chaos simulate uses the single object of a program, and explains how to use several objects', async () => {
    const cwd = folderWith(register(''))
    const routes = [
      { request: 'GET /v', f: 'read', result: 'json.value' },
      { request: 'PUT /v', f: 'write', value: 'json.value' },
    ]
    writeFileSync(join(cwd, 'routes.json'), JSON.stringify({ initial: { value: null }, routes }))
    const args = ['simulate', './server.ts', '--nodes', '1', '--faults', 'none', '--seeds', '2', '--workers', '1']
    const refused = await chaos(args, { cwd })
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toContain('let clients use only one: --workload-set keys=1')
    const asked = await chaos([...args, '--workload-set', 'keys=1', '--json'], { cwd })
    expect(JSON.parse(asked.stdout)).toMatchObject({ found: false, trials: 2, vacuous: [] })
    expect(asked.exitCode).toBe(0)
  })

  test('chaos simulate judges a program by the initial value of its route table', async () => {
    const startingWith = async (first: number) => {
      const cwd = folderWith(CURED.replaceAll('?? null', `?? ${first}`))
      const table = JSON.parse(readFileSync(join(cwd, 'routes.json'), 'utf8'))
      writeFileSync(join(cwd, 'routes.json'), JSON.stringify({ ...table, initial: { value: 2 } }))
      const args = ['simulate', './server.ts', ...calm, '--seeds', '8', '--workers', '1', '--json']
      const { exitCode, stdout } = await chaos(args, { cwd })
      return { exitCode, cwd, ...JSON.parse(stdout) }
    }
    expect(await startingWith(2)).toMatchObject({ exitCode: 0, found: false, trials: 8, vacuous: [] })
    const { exitCode, failures, cwd } = await startingWith(3)
    expect({ exitCode, failures }).toMatchObject({ exitCode: 1, failures: [{ cause: 'not linearizable' }] })
    const { sentence, replay } = failures[0]
    expect(sentence).toMatch(/read 3 .*nobody ever wrote 3/)
    const replayed = await chaos(['replay', replay, '--program', './server.ts'], { cwd })
    expect(replayed.exitCode).toBe(1)
    expect(replayed.stdout).toContain(sentence)
    expect(readFileSync(join(cwd, replay.replace(/json$/, 'jsonl')), 'utf8')).toContain('"initial":2')
  })

  test('chaos simulate reports the number of trials in which no write was answered in time', async () => {
    const slow = register('await wait(1200); values.set(key, to)').replace(
      "'PUT') values",
      "'PUT') await wait(1200), values",
    )
    const args = ['simulate', './server.ts', '--nodes', '1', '--faults', 'none', '--workload-set', 'cas=0']
    const { exitCode, stdout } = await chaos([...args, '--seeds', '8', '--workers', '1', '--json'], {
      cwd: folderWith(slow),
    })
    expect(JSON.parse(stdout)).toMatchObject({
      found: false,
      vacuous: [
        expect.stringMatching(
          /^in [5-7] of 8 trials no write was answered before its client gave up, after 600 ms or 2000 ms: .*chaos run --sim --timeout 10s$/,
        ),
      ],
    })
    expect(exitCode).toBe(2)
  })

  patientTest('chaos simulate finds nothing once the program is fixed', async () => {
    const cwd = folderWith(CURED)
    const args = ['simulate', 'server.ts', ...calm, '--seeds', '64', '--workers', '1', '--json']
    const { exitCode, stdout, stderr } = await chaos(args, { cwd })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ found: false, trials: 64 })
    expect(exitCode).toBe(0)
  })

  test('chaos simulate reports no race for a program that ends because of an unhandled error event', async () => {
    const cwd = folderWith(`
      import { EventEmitter } from 'node:events'
      const fails = process.env.FAILS === 'from outside'
      const failing = () => {
        if (fails) new EventEmitter().emit('error', new Error('reset'))
        throw new Error('reset')
      }
      let requests = 0
      ${RACING.replace('const body =', 'if (++requests === 18) setImmediate(failing)\n  const body =')}`)
    const raceOf = async (fails: string) => {
      const args = [
        'simulate',
        './server.ts',
        '--nodes',
        '1',
        '--keys',
        '1',
        '--faults',
        'none',
        '--seeds',
        '1',
        '--workload-set',
        'cas=0.6',
      ]
      const brief = ['--expect', 'none', '--shrink', '1ms', '--json']
      const { stdout } = await chaos([...args, ...brief, '--env', `FAILS=${fails}`], { cwd })
      const [failure] = JSON.parse(stdout).failures
      expect(failure.kind).toBe('invariant')
      return failure.race
    }
    expect(await raceOf('from outside')).toBeUndefined()
    expect(await raceOf('by itself')).toBeDefined()
  })

  test('chaos simulate exits with 3 if the program calls setTimeout outside the simulation after a run', async () => {
    const awaited = 'await Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5).value'
    const cwd = folderWith(`${register('')}\n${awaited}\nsetTimeout(() => {}, 1)`)
    const { exitCode, stderr } = await chaos(['simulate', './server.ts', ...calm, '--seeds', '1', '--workers', '1'], {
      cwd,
    })
    expect(stderr).toContain('went on after its run, and called setTimeout in the real world')
    expect(exitCode).toBe(3)
  })

  test('chaos simulate exits with 3 for a program that cannot be simulated', async () => {
    const cwd = folderWith(`import { Worker } from 'node:worker_threads'\nnew Worker('./x.js')`)
    const { exitCode, stderr } = await chaos(['simulate', './server.ts', '--seeds', '1', '--workers', '1'], { cwd })
    expect(exitCode).toBe(3)
    expect(stderr).toContain('cannot be simulated: on n1, worker_threads.Worker')
    expect(
      readdirSync(cwd)
        .filter((name) => name === 'runs')
        .flatMap((name) => readdirSync(join(cwd, name))),
    ).toEqual([])
  })

  patientTest('chaos simulate ends a program that loops forever, and names the turn of its event loop', async () => {
    const cwd = folderWith(`${CURED}\nsetTimeout(() => { for (;;); }, 10)`)
    const args = ['simulate', './server.ts', '--seeds', '1', '--workers', '1', '--json']
    const { exitCode, stdout } = await chaos(args, { cwd })
    expect(JSON.parse(stdout).failures[0].sentence).toMatch(/^the program does not return from its turn: a turn of n\d/)
    expect(exitCode).toBe(4)
  })

  patientTest('chaos simulate ends a program of which one turn exhausts the memory, and names the turn', async () => {
    for (const much of [5e5, 1e7]) {
      const cwd = folderWith(
        `${CURED}\nconst all: unknown[] = []\nsetTimeout(() => { for (;;) all.push(new Array(${much}).fill(0)) }, 10)`,
      )
      const args = ['simulate', './server.ts', '--seeds', '1', '--workers', '1', '--json']
      const { exitCode, stdout, stderr } = await chaos(args, { cwd })
      expect(stderr).toBe('')
      expect(JSON.parse(stdout).failures[0].sentence).toMatch(
        /^the program takes more memory than there is: a turn of n\d/,
      )
      expect(exitCode).toBe(4)
    }
  })

  patientTest('chaos simulate ends a program that exhausts the memory slowly, and names the node', async () => {
    for (const much of ['new Array(4e6).fill(0)', 'Buffer.alloc(64e6, 1)']) {
      const cwd = folderWith(`${CURED}\nconst all: unknown[] = []\nsetInterval(() => all.push(${much}), 1)`)
      const args = ['simulate', './server.ts', '--seeds', '1', '--workers', '1', '--shrink', '1s', '--json']
      const { exitCode, stdout, stderr } = await chaos(args, { cwd })
      expect(stderr).toBe('')
      expect(JSON.parse(stdout).failures[0].sentence).toMatch(/^n\d takes more memory than there is: \d+ MB of objects/)
      expect(exitCode).toBe(4)
    }
  })

  test('chaos simulate refuses a program that keeps state between runs', async () => {
    const leaking = `import path from 'node:path'\npath.join.runs = (path.join.runs ?? 0) + 1`
    const cwd = folderWith(`${leaking}\n${CURED.replace('values.get(key) ?? null', 'path.join.runs')}`)
    const args = ['simulate', './server.ts', ...calm, '--seeds', '4', '--workers', '1']
    const { exitCode, stderr } = await chaos(args, { cwd })
    expect(stderr).toContain('server.ts cannot be simulated: its runs are not repeatable (seed ')
    expect(exitCode).toBe(3)
  })

  test('in chaos simulate, each run may register a name that a package accepts only once per process', async () => {
    const cwd = folderWith(`import metrics from 'metrics'\nmetrics.register('requests')\n${CURED}`)
    const folder = join(cwd, 'node_modules', 'metrics')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'index.js'), `exports.register = require('./registry.js').register`)
    writeFileSync(
      join(folder, 'registry.js'),
      `const names = new Set()
      exports.register = (name) => {
        if (names.has(name)) throw new Error(name + ' is registered already')
        names.add(name)
      }`,
    )
    const args = ['simulate', './server.ts', ...calm, '--seeds', '30', '--workers', '1', '--json']
    const { exitCode, stdout, stderr } = await chaos(args, { cwd })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ found: false, trials: 30 })
    expect(exitCode).toBe(0)
  })

  patientTest(
    'chaos simulate finds a race behind a rare place only if the program marks the place as reachable',
    async () => {
      const rare = `if (!armed && Math.floor(Math.random() * 1024) === 7) {
      armed = true
      reachable('armed')
    }
    const now = values.get(key) ?? null
    if (now !== from) return void response.writeHead(409).end('{}')
    if (armed) await new Promise((done) => setImmediate(done))
    values.set(key, to)`
      const searched = async (reachable: string) => {
        const cwd = folderWith(`${reachable}\nlet armed = false\n${register(rare)}`)
        const args = ['simulate', './server.ts', '--nodes', '1', '--faults', 'none', '--workload-set', 'cas=0.5']
        const some = ['--seed', '1', '--seeds', '120', '--shrink', '1ms', '--workers', '1', '--json']
        const { stdout } = await chaos([...args, ...some], { cwd })
        return JSON.parse(stdout)
      }
      const assertions = JSON.stringify(join(root, 'packages', 'assertions', 'src', 'index.ts'))
      const guided = await searched(`import { reachable } from ${assertions}`)
      expect(guided).toMatchObject({ found: true, failures: [{ strategy: 'coverage' }] })
      const alone = await searched('const reachable = (_: string) => {}')
      expect(alone).toMatchObject({ found: false, trials: 120 })
    },
  )

  patientTest('chaos simulate finds a loss of writes in a power cut if a program omits fsync', async () => {
    const cwd = folderWith(`
      import { appendFileSync, existsSync, readFileSync } from 'node:fs'
      import { createServer } from 'node:http'
      const lines = existsSync('log') ? readFileSync('log', 'utf8').split('\\n').slice(0, -1) : []
      let value = lines.length === 0 ? null : JSON.parse(lines[lines.length - 1] ?? 'null')
      createServer(async (request, response) => {
        let body = ''
        for await (const chunk of request) body += chunk
        if (request.method === 'PUT') {
          value = JSON.parse(body).value
          appendFileSync('log', JSON.stringify(value) + '\\n')
        }
        response.end(JSON.stringify({ value }))
      }).listen(process.env['PORT'])`)
    const fixed = ['--nodes', '1', '--keys', '1', '--workload-set', 'cas=0', '--workers', '1']
    const args = (fault: string) => [
      'simulate',
      './server.ts',
      ...fixed,
      '--faults',
      fault,
      '--seeds',
      '30',
      '--json',
      '--shrink',
      '500ms',
    ]
    const [kept, lost] = [await chaos(args('kill'), { cwd }), await chaos(args('power-loss'), { cwd })]
    expect(JSON.parse(kept.stdout).found).toBe(false)
    expect(JSON.parse(lost.stdout)).toMatchObject({ found: true, failures: [{ cause: 'not linearizable' }] })
  })

  test('chaos simulate refuses --strategy coverage for a program without assertions', async () => {
    const { exitCode, stderr } = await chaosHere(['simulate', './server.ts', '--strategy', 'swarm,coverage'], {
      cwd: folderWith(CURED),
    })
    expect(stderr).toBe(
      '--strategy coverage follows the marked places that a program reaches, and ./server.ts marks none. Call sometimes() or reachable() of @chaosproxy/assertions where rare things happen, or leave the strategy out.\n',
    )
    expect(exitCode).toBe(3)
  })

  test('chaos simulate refuses to run without a route table', async () => {
    const { exitCode, stderr } = await chaosHere(['simulate', './nowhere/server.ts'])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('clients need a route table')
  })

  test('chaos simulate finds a configured service by its name, with its arguments, environment and nodes', async () => {
    const cwd = folderWith(`
      if (process.argv[2] !== '--loud' || process.env['ME'] !== 'n1 of 2' && process.env['NODE_ID'] === 'n1') process.exit(1)
      ${CURED}`)
    const services = {
      register: { entry: './server.ts', args: ['--loud'], environment: { ME: '{node} of {nodes}' }, nodes: 2 },
    }
    writeFileSync(join(cwd, 'chaos.config.json'), JSON.stringify({ services }))
    const args = [
      'simulate',
      'register',
      '--faults',
      'none',
      '--expect',
      'none',
      '--seeds',
      '2',
      '--workers',
      '1',
      '--json',
    ]
    const { exitCode, stdout, stderr } = await chaos(args, { cwd })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ found: false, trials: 2 })
    expect(exitCode).toBe(0)
    const unknown = await chaosHere(['simulate', 'registry'], { cwd })
    expect(unknown.stderr).toContain('there is no such service in the configuration. Did you mean register?')
    expect(unknown.exitCode).toBe(3)
  })
})
